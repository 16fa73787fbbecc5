import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { refusalOf } from "@/shared/api/refusal";
import { coursesQuery } from "@/shared/courses/courses";
import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";
import { FormProblem } from "@/shared/ui/FormProblem";
import { TextField } from "@/shared/ui/fields";
import { createCourse } from "./coursesApi";

export function NewCourseDialog({ onClose, onCreated }: { onClose: () => void; onCreated: (courseId: string) => void }) {
  const queries = useQueryClient();
  const [title, setTitle] = useState("");
  const [nameless, setNameless] = useState(false);
  const create = useMutation({
    mutationFn: () => createCourse(title.trim()),
    onSuccess: ({ id }) => {
      void queries.invalidateQueries({ queryKey: coursesQuery.queryKey });
      onCreated(id);
    },
  });
  const refusal = refusalOf(create.error, ["title"] as const);
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    setNameless(title.trim() === "");
    if (title.trim() !== "") create.mutate();
  }
  return (
    <Dialog open width="sm" title={t("courses.new")} onClose={onClose}>
      <form noValidate onSubmit={submit} className="flex flex-col gap-4">
        <TextField
          label={t("courses.name")}
          value={title}
          maxLength={200}
          autoFocus
          error={nameless ? t("courses.nameNeeded") : refusal.fields.title}
          onChange={(event) => setTitle(event.target.value)}
        />
        <FormProblem message={refusal.form} />
        <div className="flex justify-end gap-2">
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
