import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState, type SubmitEvent } from "react";
import { refusalOf } from "@/shared/api/refusal";
import { t } from "@/shared/i18n/i18n";
import { Markdown } from "@/shared/output/Markdown";
import { Button } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";
import { FormProblem } from "@/shared/ui/FormProblem";
import { Select, TextArea, TextField } from "@/shared/ui/fields";
import { fromLocalField, toLocalField } from "@/shared/ui/localTime";
import type { Assignment } from "@/wire/courses";
import { changeAssignment, createAssignment, ownProjectsQuery, type AssignmentDraft } from "../assignmentsApi";
import { HiddenNodes } from "./HiddenNodes";

interface Props {
  courseId: string;
  /** What is changed; none: a new one is made. */
  assignment?: Assignment;
  onClose: () => void;
  onSaved: (assignmentId: string) => void;
}

const FIELDS = ["title", "project_id", "text", "due_at", "hidden_nodes"] as const;
const MOST_TEXT = 4_000;

function ProjectField({ value, error, onChange }: { value: string; error: string | undefined; onChange: (projectId: string) => void }) {
  const projects = useQuery(ownProjectsQuery);
  const options = (projects.data ?? []).map(({ id, name }) => ({ value: id, label: name }));
  return (
    <Select
      label={t("courses.project")}
      hint={t("courses.projectHint")}
      value={value}
      error={error}
      options={[{ value: "", label: t("courses.chooseProject") }, ...options]}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

function TextWithPreview({ value, error, onChange }: { value: string; error: string | undefined; onChange: (text: string) => void }) {
  return (
    <div>
      <TextArea
        label={t("courses.text")}
        hint={t("courses.textHint")}
        rows={6}
        value={value}
        maxLength={MOST_TEXT}
        error={error}
        onChange={(event) => onChange(event.target.value)}
      />
      {value.trim() !== "" && (
        <details className="mt-1.5">
          <summary className="cursor-pointer text-xs text-muted">{t("courses.textPreview")}</summary>
          <div className="mt-1.5 rounded-md border border-line bg-base px-3 py-2">
            <Markdown text={value} />
          </div>
        </details>
      )}
    </div>
  );
}

/** Makes an assignment from one of one's own projects, or changes what it says. */
export function AssignmentDialog({ courseId, assignment, onClose, onSaved }: Props) {
  const queries = useQueryClient();
  const [title, setTitle] = useState(assignment?.title ?? "");
  const [text, setText] = useState(assignment?.text ?? "");
  const dueBefore = assignment?.dueAt == null ? "" : toLocalField(assignment.dueAt);
  const [due, setDue] = useState(dueBefore);
  const [projectId, setProjectId] = useState(assignment?.projectId ?? "");
  const [hidden, setHidden] = useState<readonly string[]>(assignment?.hiddenNodes ?? []);
  const dueField = useRef<HTMLInputElement>(null);
  const [gaps, setGaps] = useState<{ title?: string; project_id?: string; due_at?: string }>({});
  const save = useMutation({
    mutationFn: (draft: AssignmentDraft) => (assignment === undefined ? createAssignment(courseId, projectId, draft) : changeAssignment(assignment.id, draft)),
    onSuccess: ({ id }) => {
      void queries.invalidateQueries({ queryKey: ["course", courseId] });
      void queries.invalidateQueries({ queryKey: ["assignment", id] });
      onClose();
      onSaved(id);
    },
  });
  const refusal = refusalOf(save.error, FIELDS);
  const problems = { ...refusal.fields, ...gaps };
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const found = {
      ...(title.trim() === "" ? { title: t("courses.nameNeeded") } : {}),
      ...(projectId === "" ? { project_id: t("courses.projectNeeded") } : {}),
      // A date of which a part is missing has no value, as if there were no deadline.
      ...(dueField.current?.validity.badInput === true ? { due_at: t("courses.dueIncomplete") } : {}),
    };
    setGaps(found);
    // The field knows minutes alone: who leaves it as it is changes no second of the deadline.
    const dueAt = due === dueBefore ? (assignment?.dueAt ?? null) : fromLocalField(due);
    if (Object.keys(found).length === 0) save.mutate({ title: title.trim(), text, hiddenNodes: hidden, dueAt });
  }
  return (
    <Dialog
      open
      title={assignment === undefined ? t("courses.newAssignment") : t("courses.editAssignment", { title: assignment.title })}
      onClose={onClose}
      width="lg"
    >
      <form noValidate onSubmit={submit} className="flex flex-col gap-4">
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField label={t("courses.name")} value={title} maxLength={200} autoFocus error={problems.title} onChange={(event) => setTitle(event.target.value)} />
          <TextField
            label={t("courses.dueAt")}
            type="datetime-local"
            ref={dueField}
            hint={t("courses.dueHint")}
            value={due}
            error={problems.due_at}
            onChange={(event) => setDue(event.target.value)}
          />
        </div>
        {assignment === undefined && (
          <ProjectField
            value={projectId}
            error={problems.project_id}
            onChange={(id) => {
              setProjectId(id);
              setHidden([]);
            }}
          />
        )}
        {projectId !== "" && <HiddenNodes projectId={projectId} chosen={hidden} onChange={setHidden} />}
        <FormProblem message={problems.hidden_nodes ?? ""} />
        <TextWithPreview value={text} error={problems.text} onChange={setText} />
        <FormProblem message={refusal.form} />
        <div className="flex justify-end gap-2">
          <Button tone="ghost" onClick={onClose}>
            {t("app.cancel")}
          </Button>
          <Button tone="primary" type="submit" disabled={save.isPending}>
            {assignment === undefined ? t("courses.createDraft") : t("courses.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
