import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { FolderOpen, Play } from "lucide-react";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { Markdown } from "@/shared/output/Markdown";
import { Button } from "@/shared/ui/Button";
import { FormProblem } from "@/shared/ui/FormProblem";
import { dateAndTime } from "@/shared/ui/localTime";
import { Loading } from "@/shared/ui/states";
import type { Assignment, Submission } from "@/wire/courses";
import { startAssignment, submissionQuery } from "../assignmentsApi";
import { StateChip } from "../Chips";
import { Deadline } from "../Deadline";
import { HandInButton } from "./HandInButton";

interface Props {
  assignment: Assignment;
  onProject: (projectId: string) => void;
}

function Given({ submission }: { submission: Submission }) {
  return (
    <section className="rounded-xl border border-line bg-panel p-5 shadow-card">
      <h2 className="text-base font-semibold">{t("courses.given")}</h2>
      {submission.points !== null && <p className="mt-1 font-medium">{t("courses.pointsGiven", { points: submission.points })}</p>}
      <div className="mt-2">{submission.comment.trim() === "" ? <p className="text-muted">{t("courses.noComment")}</p> : <Markdown text={submission.comment} />}</div>
    </section>
  );
}

function handedInWords({ handedInAt, state }: Submission): string {
  if (state === "not_collected") return t("courses.notCollectedMine");
  if (handedInAt !== null) return t("courses.handedInAt", { time: dateAndTime(handedInAt) });
  return state === "collected" ? t("courses.collectedAt") : t("courses.notHandedIn");
}

function Work({ assignment, submission, onProject }: Props & { submission: Submission }) {
  const queries = useQueryClient();
  const start = useMutation({
    mutationFn: () => startAssignment(assignment.id),
    onSuccess: (projectId) => {
      void queries.invalidateQueries({ queryKey: submissionQuery(assignment.id).queryKey });
      onProject(projectId);
    },
  });
  return (
    <section aria-label={t("courses.state")} className="flex flex-col gap-3 rounded-xl border border-line bg-panel p-5 shadow-card">
      <p className="flex flex-wrap items-center gap-3">
        <StateChip state={submission.state} late={submission.late} />
        <span className="text-muted">{handedInWords(submission)}</span>
      </p>
      <div className="flex flex-wrap gap-2">
        {submission.projectId === "" ? (
          <Button tone="primary" icon={<Play size={14} fill="currentColor" />} disabled={start.isPending} onClick={() => start.mutate()}>
            {start.isPending ? t("courses.starting") : t("courses.start")}
          </Button>
        ) : (
          <>
            <Button icon={<FolderOpen size={15} />} onClick={() => onProject(submission.projectId)}>
              {t("courses.open")}
            </Button>
            <HandInButton assignment={assignment} submission={submission} />
          </>
        )}
      </div>
      <FormProblem message={start.isError ? messageOf(start.error) : ""} />
    </section>
  );
}

/** An assignment for who does it: what is asked, until when, and the way to one's own project. */
export function StudentAssignment({ assignment, onProject }: Props) {
  const submission = useQuery(submissionQuery(assignment.id));
  return (
    <div className="flex max-w-3xl flex-col gap-4">
      <div>
        <h1 className="text-2xl font-semibold tracking-tight">{assignment.title}</h1>
        <p className="mt-1.5">
          <Deadline dueAt={assignment.dueAt} />
        </p>
      </div>
      {assignment.text.trim() !== "" && <Markdown text={assignment.text} />}
      {submission.isPending && <Loading label={t("app.loading")} />}
      <FormProblem message={submission.isError ? messageOf(submission.error) : ""} />
      {submission.data !== undefined && <Work assignment={assignment} submission={submission.data} onProject={onProject} />}
      {submission.data?.state === "given_back" && <Given submission={submission.data} />}
    </div>
  );
}
