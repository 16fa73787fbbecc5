import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronLeft, ShieldAlert } from "lucide-react";
import type { ReactNode } from "react";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { EmptyState, Loading } from "@/shared/ui/states";
import type { Assignment, Course } from "@/wire/courses";
import { assignmentQuery } from "../assignmentsApi";
import { courseQuery } from "../coursesApi";

/** Reads an assignment and its course, and shows the way back to it. */
export function AssignmentFrame({ assignmentId, children }: { assignmentId: string; children: (assignment: Assignment, course: Course) => ReactNode }) {
  const assignment = useQuery(assignmentQuery(assignmentId));
  const courseId = assignment.data?.courseId ?? "";
  const course = useQuery({ ...courseQuery(courseId), enabled: courseId !== "" });
  const error = assignment.error ?? course.error;
  if (error !== null) {
    return (
      <>
        <h1 className="sr-only">{t("courses.assignmentBar")}</h1>
        <EmptyState icon={<ShieldAlert size={28} />} title={messageOf(error)}>
          <Link to="/courses" className="text-accent-text underline">
            {t("courses.all")}
          </Link>
        </EmptyState>
      </>
    );
  }
  if (assignment.data === undefined || course.data === undefined) return <Loading label={t("app.loading")} />;
  return (
    <>
      <Link to="/courses/$courseId" params={{ courseId }} className="mb-1 inline-flex items-center gap-0.5 rounded-sm text-xs text-muted hover:text-text">
        <ChevronLeft size={14} aria-hidden />
        {course.data.title}
      </Link>
      {children(assignment.data, course.data)}
    </>
  );
}
