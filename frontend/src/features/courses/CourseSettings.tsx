import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { messageOf } from "@/shared/api/request";
import { refusalOf } from "@/shared/api/refusal";
import { coursesQuery } from "@/shared/courses/courses";
import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";
import { ConfirmDialog } from "@/shared/ui/ConfirmDialog";
import { FormProblem } from "@/shared/ui/FormProblem";
import { TextField } from "@/shared/ui/fields";
import { notify } from "@/shared/ui/toasts";
import type { Course } from "@/wire/courses";
import { CourseAllowances } from "./CourseAllowances";
import { changeCourse, courseQuery, deleteCourse } from "./coursesApi";

const FIELDS = ["title", "claim"] as const;

function Fields({ course }: { course: Course }) {
  const queries = useQueryClient();
  const [title, setTitle] = useState(course.title);
  const [claim, setClaim] = useState(course.claim);
  const change = useMutation({
    mutationFn: () => changeCourse(course.id, { title: title.trim(), claim: claim.trim() }),
    onSuccess: (changed) => {
      queries.setQueryData(courseQuery(course.id).queryKey, changed);
      void queries.invalidateQueries({ queryKey: coursesQuery.queryKey });
      notify({ kind: "ok", message: t("courses.saved") });
    },
  });
  const refusal = refusalOf(change.error, FIELDS);
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    change.mutate();
  }
  return (
    <form noValidate onSubmit={submit} className="flex flex-col gap-4 rounded-xl border border-line bg-panel p-5 shadow-card">
      <TextField label={t("courses.name")} value={title} maxLength={200} error={refusal.fields.title} onChange={(event) => setTitle(event.target.value)} />
      <TextField
        label={t("courses.claim")}
        hint={t("courses.claimHint")}
        value={claim}
        maxLength={200}
        spellCheck={false}
        autoCapitalize="none"
        error={refusal.fields.claim}
        onChange={(event) => setClaim(event.target.value)}
      />
      <FormProblem message={refusal.form} />
      <Button type="submit" tone="primary" className="self-start" disabled={change.isPending}>
        {t("courses.save")}
      </Button>
    </form>
  );
}

export function CourseSettings({ course, onDeleted }: { course: Course; onDeleted: () => void }) {
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const remove = useMutation({
    mutationFn: () => deleteCourse(course.id),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: coursesQuery.queryKey });
      onDeleted();
    },
    onError: (error) => notify({ kind: "error", message: messageOf(error) }),
  });
  return (
    <div className="flex max-w-2xl flex-col gap-5">
      <Fields course={course} />
      <CourseAllowances courseId={course.id} />
      <section className="rounded-xl border border-line bg-panel p-5 shadow-card">
        <h2 className="text-base font-semibold">{t("courses.deleteSection")}</h2>
        <p className="mt-0.5 mb-3 text-xs text-muted">{t("courses.deleteHint")}</p>
        <Button tone="danger" disabled={remove.isPending} onClick={() => setAsking(true)}>
          {t("courses.delete")}
        </Button>
      </section>
      {asking && (
        <ConfirmDialog
          title={t("courses.deleteTitle", { title: course.title })}
          description={t("courses.deleteHint")}
          action={t("courses.delete")}
          onClose={() => setAsking(false)}
          onConfirm={() => remove.mutate()}
        />
      )}
    </div>
  );
}
