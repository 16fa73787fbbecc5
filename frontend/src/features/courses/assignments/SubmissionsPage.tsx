import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Undo2 } from "lucide-react";
import { useState } from "react";
import { messageOf } from "@/shared/api/request";
import { look } from "@/shared/courses/looks";
import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";
import { ConfirmDialog } from "@/shared/ui/ConfirmDialog";
import { FormProblem } from "@/shared/ui/FormProblem";
import { Select } from "@/shared/ui/fields";
import { matching } from "@/shared/ui/matching";
import { SearchField } from "@/shared/ui/SearchField";
import { Loading } from "@/shared/ui/states";
import { Table } from "@/shared/ui/Table";
import { dismiss, notify } from "@/shared/ui/toasts";
import { useDeed } from "@/shared/ui/useDeed";
import { SUBMISSION_STATES, type Submission } from "@/wire/courses";
import { archivePath, collectAgain, copySubmission, giveBack, submissionsQuery } from "../assignmentsApi";
import { CommentDialog } from "./CommentDialog";
import { isHandedIn, SubmissionRow } from "./SubmissionRow";

const SHOWN = 300;

interface Props {
  assignmentId: string;
  onProject: (projectId: string) => void;
}

/** Something that takes a while and leads to a project: says so meanwhile, and why when it fails. */
function useWayTo(onProject: (projectId: string) => void) {
  return useMutation({
    mutationFn: async ({ message, find }: { message: string; find: () => Promise<string> }) => {
      const toast = notify({ kind: "info", message, lastsMs: 600_000 });
      try {
        return await find();
      } finally {
        dismiss(toast);
      }
    },
    onSuccess: onProject,
    onError: (error) => notify({ kind: "error", message: messageOf(error) }),
  });
}

/** What each student made of an assignment, and what a teacher does about it. */
export function SubmissionsPage({ assignmentId, onProject }: Props) {
  const queries = useQueryClient();
  const submissions = useQuery(submissionsQuery(assignmentId));
  const deed = useDeed(submissionsQuery(assignmentId).queryKey);
  const way = useWayTo(onProject);
  const [query, setQuery] = useState("");
  const [state, setState] = useState("");
  const [commenting, setCommenting] = useState<Submission | null>(null);
  const [givingAll, setGivingAll] = useState(false);
  const all = submissions.data ?? [];
  const handedIn = all.filter(isHandedIn);
  const toGive = handedIn.filter(({ givenBackAt }) => givenBackAt === null);
  const inState = all.filter((submission) => state === "" || submission.state === state);
  const found = matching(inState, query, ({ name, login }) => `${name} ${login}`);
  const give = (logins: readonly string[]) =>
    deed.run(async () => {
      await giveBack(assignmentId, logins);
      notify({ kind: "ok", message: t("courses.givenBack") });
    });
  const lookAt = ({ projectId }: Submission) =>
    way.mutate({
      message: t("app.loading"),
      find: async () => {
        await look(projectId);
        return projectId;
      },
    });
  const copy = ({ login }: Submission) => way.mutate({ message: t("courses.copying"), find: () => copySubmission(assignmentId, login) });
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-2">
        <SearchField label={t("courses.searchStudents")} value={query} onChange={setQuery} />
        <div className="w-52">
          <Select
            hideLabel
            label={t("courses.state")}
            value={state}
            options={[{ value: "", label: t("courses.allStates") }, ...SUBMISSION_STATES.map((value) => ({ value, label: t(`courses.state.${value}`) }))]}
            onChange={(event) => setState(event.target.value)}
          />
        </div>
        <span role="status" className="text-xs text-muted">
          {t("courses.handedInCount", { count: handedIn.length, all: all.length })}
        </span>
        <Button icon={<Undo2 size={15} />} disabled={toGive.length === 0 || deed.busy} onClick={() => setGivingAll(true)}>
          {t("courses.giveBackAll")}
        </Button>
      </div>
      {submissions.isPending && <Loading label={t("app.loading")} />}
      <FormProblem message={submissions.isError ? messageOf(submissions.error) : ""} />
      {submissions.isSuccess && found.length === 0 && (
        <p className="p-6 text-center text-muted">{all.length === 0 ? t("courses.noStudents") : t("courses.noMatch")}</p>
      )}
      {found.length > 0 && (
        <Table
          label={t("courses.submissions")}
          note={`${t("courses.lookShort")}: ${t("courses.lookHint")}`}
          columns={[
            { title: t("courses.student") },
            { title: t("courses.state") },
            { title: t("courses.handedIn") },
            { title: t("courses.size"), right: true, wide: true },
            { title: t("courses.points"), right: true },
            { title: t("courses.comment"), wide: true },
            { title: t("courses.actions"), hidden: true },
          ]}
        >
          {found.slice(0, SHOWN).map((submission) => (
            <SubmissionRow
              key={submission.login}
              submission={submission}
              archive={archivePath(assignmentId, submission.login)}
              onLook={() => lookAt(submission)}
              onCopy={() => copy(submission)}
              onComment={() => setCommenting(submission)}
              onGiveBack={() => give([submission.login])}
              onCollect={() => deed.run(() => collectAgain(assignmentId, [submission.login]))}
              busy={deed.busy}
            />
          ))}
        </Table>
      )}
      {found.length > SHOWN && <p className="text-center text-xs text-muted">{t("courses.more", { shown: SHOWN, count: found.length })}</p>}
      {commenting !== null && (
        <CommentDialog
          assignmentId={assignmentId}
          submission={commenting}
          onClose={() => setCommenting(null)}
          onSaved={() => void queries.invalidateQueries({ queryKey: submissionsQuery(assignmentId).queryKey })}
        />
      )}
      {givingAll && (
        <ConfirmDialog
          title={t("courses.giveBackAllTitle", { count: toGive.length })}
          description={t("courses.giveBackAllHint")}
          action={t("courses.giveBack")}
          tone="primary"
          onClose={() => setGivingAll(false)}
          onConfirm={() => give([])}
        />
      )}
    </div>
  );
}
