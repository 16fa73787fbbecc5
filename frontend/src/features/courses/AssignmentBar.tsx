import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ClipboardList } from "lucide-react";
import { t } from "@/shared/i18n/i18n";
import { useAccount } from "@/shared/me/me";
import { useProject } from "@/shared/project/projectStore";
import { dateAndTime } from "@/shared/ui/localTime";
import { assignmentOfProjectQuery, assignmentQuery, submissionQuery } from "./assignmentsApi";
import { HandInButton } from "./assignments/HandInButton";
import { StateChip } from "./Chips";
import { Deadline } from "./Deadline";

/** In the workbench of a student's project: what it is for, until when, and handing it in. */
export function AssignmentBar({ beforeHandIn }: { beforeHandIn: () => Promise<void> }) {
  const account = useAccount();
  const projectId = useProject((state) => state.id);
  const owns = useProject((state) => state.share === "owner");
  const of = useQuery({ ...assignmentOfProjectQuery(projectId), enabled: account !== undefined && projectId !== "" });
  const assignmentId = of.data ?? "";
  const assignment = useQuery({ ...assignmentQuery(assignmentId), enabled: assignmentId !== "" });
  const submission = useQuery({ ...submissionQuery(assignmentId), enabled: assignmentId !== "" && owns });
  if (assignment.data === undefined) return null;
  const own = submission.data;
  return (
    <section aria-label={t("courses.assignmentBar")} className="flex min-h-9 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-raised px-3 py-1 text-xs">
      <Link to="/assignments/$assignmentId" params={{ assignmentId }} className="flex min-w-0 items-center gap-1.5 rounded-sm font-medium text-accent-text underline-offset-2 hover:underline">
        <ClipboardList size={14} aria-hidden className="shrink-0" />
        <span className="truncate">{assignment.data.title}</span>
      </Link>
      <Deadline dueAt={assignment.data.dueAt} />
      <span className="flex-1" />
      {own !== undefined && (
        <>
          {own.handedInAt !== null && <span className="text-muted">{t("courses.handedInAt", { time: dateAndTime(own.handedInAt) })}</span>}
          <StateChip state={own.state} late={own.late} />
          <HandInButton small assignment={assignment.data} submission={own} before={beforeHandIn} />
        </>
      )}
    </section>
  );
}
