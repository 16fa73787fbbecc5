import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ClipboardList, Plus } from "lucide-react";
import { useState } from "react";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";
import { FormProblem } from "@/shared/ui/FormProblem";
import { EmptyState, Loading } from "@/shared/ui/states";
import { useNow } from "@/shared/ui/useNow";
import type { Assignment, Course } from "@/wire/courses";
import { assignmentsQuery, submissionQuery } from "../assignmentsApi";
import { Chip, StateChip } from "../Chips";
import { Deadline } from "../Deadline";
import { byDeadline } from "../nextDue";
import { AssignmentDialog } from "./AssignmentDialog";

function OwnState({ assignmentId }: { assignmentId: string }) {
  const submission = useQuery(submissionQuery(assignmentId));
  if (submission.data === undefined) return null;
  return <StateChip state={submission.data.state} late={submission.data.late} />;
}

function AssignmentRow({ assignment, teaches }: { assignment: Assignment; teaches: boolean }) {
  return (
    <li className="relative flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3 hover:bg-hover/50">
      <h2 className="min-w-40 flex-1 font-medium">
        <Link to="/assignments/$assignmentId" params={{ assignmentId: assignment.id }} className="block wrap-anywhere after:absolute after:inset-0">
          {assignment.title}
        </Link>
      </h2>
      <span className="text-xs">
        <Deadline dueAt={assignment.dueAt} />
      </span>
      {teaches ? (
        <Chip tone={assignment.publishedAt === null ? "warn" : "ok"}>{assignment.publishedAt === null ? t("courses.draft") : t("courses.published")}</Chip>
      ) : (
        <OwnState assignmentId={assignment.id} />
      )}
    </li>
  );
}

/** The assignments of a course: what is due next first. */
export function AssignmentsPage({ course, onOpen }: { course: Course; onOpen: (assignmentId: string) => void }) {
  const assignments = useQuery(assignmentsQuery(course.id));
  const [creating, setCreating] = useState(false);
  const now = useNow(30_000) / 1000;
  const teaches = course.role === "teacher";
  return (
    <div className="flex flex-col gap-3">
      {teaches && (
        <Button tone="primary" className="self-end" icon={<Plus size={16} />} onClick={() => setCreating(true)}>
          {t("courses.newAssignment")}
        </Button>
      )}
      {assignments.isPending && <Loading label={t("app.loading")} />}
      <FormProblem message={assignments.isError ? messageOf(assignments.error) : ""} />
      {assignments.data?.length === 0 && (
        <EmptyState icon={<ClipboardList size={28} />} title={t("courses.noAssignments")}>
          {teaches && t("courses.noAssignmentsHint")}
        </EmptyState>
      )}
      {assignments.data !== undefined && assignments.data.length > 0 && (
        <ul aria-label={t("courses.assignments")} className="divide-y divide-line rounded-xl border border-line bg-panel shadow-card">
          {byDeadline(assignments.data, now).map((assignment) => (
            <AssignmentRow key={assignment.id} assignment={assignment} teaches={teaches} />
          ))}
        </ul>
      )}
      {creating && <AssignmentDialog courseId={course.id} onClose={() => setCreating(false)} onSaved={onOpen} />}
    </div>
  );
}
