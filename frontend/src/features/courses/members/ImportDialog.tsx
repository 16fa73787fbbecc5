import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Upload } from "lucide-react";
import { useRef, useState, type SubmitEvent } from "react";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { toldPlainly } from "@/shared/i18n/told";
import { Button } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";
import { FormProblem } from "@/shared/ui/FormProblem";
import { TextArea } from "@/shared/ui/fields";
import type { LineProblem, MembersImported } from "@/wire/courses";
import { importMembers } from "../coursesApi";
import { readMemberList, type MemberList } from "./memberList";

const SHOWN = 8;

function Problems({ problems }: { problems: readonly LineProblem[] }) {
  if (problems.length === 0) return null;
  return (
    <div className="rounded-md border border-warn/40 bg-warn-soft px-3 py-2 text-xs">
      <p className="font-medium text-warn">{t("courses.previewProblems", { count: problems.length })}</p>
      <ul tabIndex={0} aria-label={t("courses.previewProblems", { count: problems.length })} className="mt-1 max-h-32 overflow-y-auto">
        {problems.map(({ line, text, problem }) => (
          <li key={line}>
            {t("courses.line", { line, problem })} <code className="font-mono text-muted">{text}</code>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Preview({ list }: { list: MemberList }) {
  const { members, problems } = list;
  return (
    <section aria-label={t("courses.preview")} className="flex flex-col gap-2.5">
      <p role="status" className="text-xs text-muted">
        {t("courses.previewCount", { count: members.length })}
      </p>
      {members.length > 0 && (
        <ul className="divide-y divide-line rounded-md border border-line text-xs">
          {members.slice(0, SHOWN).map(({ login, name, role }) => (
            <li key={login} className="grid grid-cols-[1fr_1fr_5rem] gap-2 px-2.5 py-1">
              <span className="min-w-0 font-mono wrap-anywhere">{login}</span>
              <span className="min-w-0 wrap-anywhere">{name}</span>
              <span className="text-muted">{t(`courses.role.${role}`)}</span>
            </li>
          ))}
          {members.length > SHOWN && <li className="px-2.5 py-1 text-faint">… +{members.length - SHOWN}</li>}
        </ul>
      )}
      <Problems problems={problems.map((problem) => ({ ...problem, problem: t(`courses.problem.${problem.problem}`) }))} />
    </section>
  );
}

function Done({ done, onClose }: { done: MembersImported; onClose: () => void }) {
  return (
    <div className="flex flex-col gap-3">
      <p role="status">
        {t("courses.imported", { added: done.added, changed: done.changed })}{" "}
        {done.unknown.length > 0 && t("courses.importedUnknown", { count: done.unknown.length })}
      </p>
      <Problems problems={done.problems.map((problem) => ({ ...problem, problem: toldPlainly(problem.problem) }))} />
      <Button tone="primary" className="self-end" autoFocus onClick={onClose}>
        {t("courses.done")}
      </Button>
    </div>
  );
}

/** Members from a file or from the clipboard: shown line by line before they are sent. */
export function ImportDialog({ courseId, onClose }: { courseId: string; onClose: () => void }) {
  const queries = useQueryClient();
  const picker = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const send = useMutation({
    mutationFn: () => importMembers(courseId, text),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["course", courseId] }),
  });
  const list = readMemberList(text);
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    send.mutate();
  }
  return (
    <Dialog open title={t("courses.importMembers")} description={t("courses.importHint")} onClose={onClose}>
      {send.data !== undefined ? (
        <Done done={send.data} onClose={onClose} />
      ) : (
        <form onSubmit={submit} className="flex flex-col gap-3.5">
          <TextArea
            label={t("courses.list")}
            rows={6}
            value={text}
            autoFocus
            spellCheck={false}
            placeholder={"login,name\nada,Ada Lovelace"}
            className="font-mono text-xs"
            onChange={(event) => setText(event.target.value)}
          />
          <input
            ref={picker}
            type="file"
            accept=".csv,.tsv,.txt,text/csv,text/plain"
            hidden
            aria-label={t("courses.file")}
            onChange={(event) => {
              const file = event.target.files?.[0];
              event.target.value = "";
              if (file !== undefined) void file.text().then(setText);
            }}
          />
          <Button className="self-start" icon={<Upload size={15} />} onClick={() => picker.current?.click()}>
            {t("courses.file")}
          </Button>
          {text.trim() !== "" && <Preview list={list} />}
          <FormProblem message={send.isError ? messageOf(send.error) : ""} />
          <div className="flex justify-end gap-2">
            <Button tone="ghost" onClick={onClose}>
              {t("app.cancel")}
            </Button>
            <Button tone="primary" type="submit" disabled={send.isPending || list.members.length === 0}>
              {t("courses.import", { count: list.members.length })}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
