import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { AllowanceForm } from "@/shared/allowances/AllowanceForm";
import { getJson, messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { FormProblem } from "@/shared/ui/FormProblem";
import { parseAllowanceSet, parseCourseAllowance } from "@/wire/allowances";

function allowancePath(courseId: string): string {
  return `/api/courses/${encodeURIComponent(courseId)}/allowance`;
}

function courseAllowanceQuery(courseId: string) {
  return queryOptions({
    queryKey: ["course-allowance", courseId],
    queryFn: ({ signal }) => getJson(allowancePath(courseId), parseCourseAllowance, { signal }),
  });
}

/** What the course's projects may use, and which hosts its students ask for. */
export function CourseAllowances({ courseId }: { courseId: string }) {
  const queries = useQueryClient();
  const query = courseAllowanceQuery(courseId);
  const course = useQuery(query);
  const [savedAt, setSavedAt] = useState<number | null>(null);
  return (
    <section aria-labelledby="course-allowances" className="flex flex-col gap-3 rounded-xl border border-line bg-panel p-5 shadow-card">
      <div>
        <h2 id="course-allowances" className="text-base font-semibold">
          {t("allowance.courseTitle")}
        </h2>
        <p className="mt-0.5 text-xs text-muted">{t("allowance.courseHint")}</p>
      </div>
      <FormProblem message={course.isError ? messageOf(course.error) : ""} />
      {course.data !== undefined && course.data.asked.length > 0 && (
        <div>
          <h3 className="text-xs font-medium text-muted">{t("allowance.asked")}</h3>
          <ul aria-label={t("allowance.asked")} className="mt-1 flex flex-col gap-0.5 text-sm">
            {course.data.asked.map(({ projectId, projectName, ownerName, host }) => (
              <li key={`${projectId} ${host}`}>
                <code className="font-mono text-xs">{host}</code> <span className="text-xs text-muted">{t("allowance.askedBy", { name: ownerName, project: projectName })}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
      {course.data !== undefined && (
        <AllowanceForm
          key={String(course.data.allowance.setAt)}
          allowance={course.data.allowance.allowance}
          otherwise={course.data.everybody}
          aboutPeople={false}
          again={savedAt === course.data.allowance.setAt}
          onSave={(json) => getJson(allowancePath(courseId), parseAllowanceSet, { method: "PUT", json })}
          onSaved={({ allowance }) => {
            setSavedAt(allowance.setAt);
            void queries.invalidateQueries({ queryKey: query.queryKey });
          }}
        />
      )}
    </section>
  );
}
