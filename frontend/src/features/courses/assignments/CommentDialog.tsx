import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { refusalOf } from "@/shared/api/refusal";
import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";
import { FormProblem } from "@/shared/ui/FormProblem";
import { TextArea, TextField } from "@/shared/ui/fields";
import type { Submission } from "@/wire/courses";
import { comment, giveBack } from "../assignmentsApi";

const FIELDS = ["text", "points"] as const;

/** Points as they were typed: null for none, undefined for what is no number. A comma is a point, as many write it. */
export function readPoints(text: string): number | null | undefined {
  const typed = text.trim().replace(",", ".");
  if (typed === "") return null;
  const points = Number(typed);
  return Number.isFinite(points) ? points : undefined;
}

interface Props {
  assignmentId: string;
  submission: Submission;
  onClose: () => void;
  onSaved: () => void;
}

export function CommentDialog({ assignmentId, submission, onClose, onSaved }: Props) {
  const [text, setText] = useState(submission.comment);
  const [points, setPoints] = useState(submission.points === null ? "" : String(submission.points));
  const [problem, setProblem] = useState("");
  const save = useMutation({
    mutationFn: async ({ given, back }: { given: number | null; back: boolean }) => {
      await comment(assignmentId, submission.login, text, given);
      if (back) await giveBack(assignmentId, [submission.login]);
    },
    onSuccess: onClose,
    onSettled: onSaved,
  });
  const refusal = refusalOf(save.error, FIELDS);
  const send = (back: boolean) => {
    const given = readPoints(points);
    setProblem(given === undefined ? t("courses.pointsWrong") : "");
    if (given !== undefined) save.mutate({ given, back });
  };
  return (
    <Dialog open title={t("courses.commentFor", { name: submission.name || submission.login })} description={t("courses.commentHint")} onClose={onClose}>
      <form
        noValidate
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          send(false);
        }}
      >
        <TextArea label={t("courses.comment")} rows={6} value={text} maxLength={4_000} autoFocus error={refusal.fields.text} onChange={(event) => setText(event.target.value)} />
        <div className="w-32">
          <TextField
            label={t("courses.points")}
            inputMode="decimal"
            value={points}
            error={problem === "" ? refusal.fields.points : problem}
            onChange={(event) => setPoints(event.target.value)}
          />
        </div>
        <FormProblem message={refusal.form} />
        <div className="flex flex-wrap justify-end gap-2">
          <Button tone="ghost" onClick={onClose}>
            {t("app.cancel")}
          </Button>
          <Button type="submit" disabled={save.isPending}>
            {t("courses.save")}
          </Button>
          <Button tone="primary" disabled={save.isPending} onClick={() => send(true)}>
            {t("courses.saveAndGive")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
