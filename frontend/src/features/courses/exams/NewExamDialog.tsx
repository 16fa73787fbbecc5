import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { refusalOf } from "@/shared/api/refusal";
import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";
import { FormProblem } from "@/shared/ui/FormProblem";
import { TextField } from "@/shared/ui/fields";
import { fromLocalField, toLocalField } from "@/shared/ui/localTime";
import { createExam, type NewExam } from "../coursesApi";

const FIELDS = ["title", "starts_at", "ends_at"] as const;
const LASTS_SEC = 90 * 60;

export function NewExamDialog({ courseId, onClose }: { courseId: string; onClose: () => void }) {
  const queries = useQueryClient();
  const [now] = useState(() => Date.now() / 1000);
  const [title, setTitle] = useState("");
  const [starts, setStarts] = useState(toLocalField(now));
  const [ends, setEnds] = useState(toLocalField(now + LASTS_SEC));
  const [problem, setProblem] = useState<{ title?: string; times?: string }>({});
  const create = useMutation({
    mutationFn: (exam: NewExam) => createExam(courseId, exam),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["course", courseId] });
      void queries.invalidateQueries({ queryKey: ["courses"] });
      onClose();
    },
  });
  const refusal = refusalOf(create.error, FIELDS);
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const startsAt = fromLocalField(starts);
    const endsAt = fromLocalField(ends);
    const found = {
      ...(title.trim() === "" ? { title: t("courses.nameNeeded") } : {}),
      ...(startsAt === null || endsAt === null || endsAt <= startsAt ? { times: t("courses.examTimes") } : {}),
    };
    setProblem(found);
    if (Object.keys(found).length === 0 && startsAt !== null && endsAt !== null) create.mutate({ title: title.trim(), startsAt, endsAt });
  }
  return (
    <Dialog open title={t("courses.newExam")} description={t("courses.examHint")} onClose={onClose}>
      <form noValidate onSubmit={submit} className="grid gap-4 sm:grid-cols-2">
        <div className="sm:col-span-2">
          <TextField
            label={t("courses.name")}
            value={title}
            maxLength={200}
            autoFocus
            error={problem.title ?? refusal.fields.title}
            onChange={(event) => setTitle(event.target.value)}
          />
        </div>
        <TextField label={t("courses.examStart")} type="datetime-local" value={starts} error={refusal.fields.starts_at} onChange={(event) => setStarts(event.target.value)} />
        <TextField
          label={t("courses.examEnd")}
          type="datetime-local"
          value={ends}
          error={problem.times ?? refusal.fields.ends_at}
          onChange={(event) => setEnds(event.target.value)}
        />
        <div className="sm:col-span-2">
          <FormProblem message={refusal.form} />
        </div>
        <div className="flex justify-end gap-2 sm:col-span-2">
          <Button tone="ghost" onClick={onClose}>
            {t("app.cancel")}
          </Button>
          <Button tone="primary" type="submit" disabled={create.isPending}>
            {t("courses.create")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
