import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { GraduationCap, Plus } from "lucide-react";
import { useState } from "react";
import { messageOf } from "@/shared/api/request";
import { coursesQuery } from "@/shared/courses/courses";
import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";
import { FormProblem } from "@/shared/ui/FormProblem";
import { EmptyState, Loading } from "@/shared/ui/states";
import { useNow } from "@/shared/ui/useNow";
import type { Assignment, CourseSummary } from "@/wire/courses";
import type { Me } from "@/wire/people";
import { assignmentsQuery } from "./assignmentsApi";
import { Chip } from "./Chips";
import { Deadline } from "./Deadline";
import { nextDue } from "./nextDue";
import { NewCourseDialog } from "./NewCourseDialog";

function NextDeadline({ assignments }: { assignments: readonly Assignment[] }) {
  const next = nextDue(assignments, useNow(30_000) / 1000);
  if (next === undefined) return <p className="text-xs text-muted">{t("courses.nothingDue")}</p>;
  return (
    <p className="text-xs">
      <span className="block font-medium wrap-anywhere">{t("courses.nextDue", { title: next.title })}</span>
      <Deadline dueAt={next.dueAt} />
    </p>
  );
}

function CourseCard({ course, assignments }: { course: CourseSummary; assignments: readonly Assignment[] }) {
  return (
    <li className="relative flex flex-col gap-2.5 rounded-xl border border-line bg-panel p-4 shadow-card transition-colors focus-within:border-line-strong hover:border-line-strong">
      <div className="flex items-start gap-2">
        <h2 className="min-w-0 flex-1 text-base font-semibold">
          <Link to="/courses/$courseId" params={{ courseId: course.id }} className="line-clamp-2 break-words after:absolute after:inset-0 after:rounded-xl">
            {course.title}
          </Link>
        </h2>
        <Chip tone={course.role === "teacher" ? "info" : "plain"}>{t(`courses.role.${course.role}`)}</Chip>
      </div>
      {course.exam !== null && (
        <p className="flex items-center gap-1.5 text-xs font-medium text-info">
          <GraduationCap size={14} aria-hidden />
          {t("courses.examOn", { title: course.exam.title })}
        </p>
      )}
      <div className="mt-auto border-t border-line pt-2.5">
        {course.role === "teacher" ? (
          <p className="text-xs text-muted">
            {t("courses.students", { count: course.students })} · {t("courses.assignmentCount", { count: course.assignments })}
          </p>
        ) : (
          <NextDeadline assignments={assignments} />
        )}
      </div>
    </li>
  );
}

/** The courses of a person: those that they teach, and those that they learn in with what is due next. */
export function CoursesPage({ me, onOpen }: { me: Me; onOpen: (courseId: string) => void }) {
  const courses = useQuery(coursesQuery);
  const [creating, setCreating] = useState(false);
  const learned = (courses.data ?? []).filter(({ role }) => role === "student");
  const assignments = useQueries({ queries: learned.map(({ id }) => assignmentsQuery(id)) });
  const mayTeach = me.role !== "student";
  return (
    <>
      <div className="mb-6 flex flex-wrap items-start gap-3">
        <div className="flex-1">
          <h1 className="text-2xl font-semibold tracking-tight">{t("courses.title")}</h1>
          <p className="mt-1 text-base text-muted">{t("courses.intro")}</p>
        </div>
        {mayTeach && (
          <Button tone="primary" icon={<Plus size={16} />} onClick={() => setCreating(true)}>
            {t("courses.new")}
          </Button>
        )}
      </div>
      {courses.isPending && <Loading label={t("app.loading")} />}
      <FormProblem message={courses.isError ? messageOf(courses.error) : ""} />
      {courses.data?.length === 0 && (
        <EmptyState icon={<GraduationCap size={28} />} title={t("courses.none")}>
          {mayTeach ? t("courses.noneTeacher") : t("courses.noneStudent")}
        </EmptyState>
      )}
      <ul className="grid grid-cols-[repeat(auto-fill,minmax(17rem,1fr))] gap-3.5">
        {courses.data?.map((course) => (
          <CourseCard key={course.id} course={course} assignments={assignments[learned.indexOf(course)]?.data ?? []} />
        ))}
      </ul>
      {creating && <NewCourseDialog onClose={() => setCreating(false)} onCreated={onOpen} />}
    </>
  );
}
