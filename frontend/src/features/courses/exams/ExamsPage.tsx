import { useQuery } from "@tanstack/react-query";
import { GraduationCap, Plus, X } from "lucide-react";
import { useState } from "react";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { Button, IconButton } from "@/shared/ui/Button";
import { ConfirmDialog } from "@/shared/ui/ConfirmDialog";
import { FormProblem } from "@/shared/ui/FormProblem";
import { dateAndTime, dateTimeAndZone, timeLeft } from "@/shared/ui/localTime";
import { EmptyState, Loading } from "@/shared/ui/states";
import { useDeed } from "@/shared/ui/useDeed";
import { useNow } from "@/shared/ui/useNow";
import type { Exam } from "@/wire/courses";
import { Chip, type ChipTone } from "../Chips";
import { examsQuery, removeExam } from "../coursesApi";
import { examState, type ExamState } from "./examState";
import { NewExamDialog } from "./NewExamDialog";

const TONES: Record<ExamState, ChipTone> = { coming: "plain", on: "info", over: "plain" };

function ExamRow({ exam, now, onRemove }: { exam: Exam; now: number; onRemove: () => void }) {
  const { state, left } = examState(exam, now);
  return (
    <li className="flex flex-wrap items-center gap-3 px-4 py-3">
      <GraduationCap size={18} aria-hidden className={state === "on" ? "text-info" : "text-faint"} />
      <div className="min-w-0 flex-1">
        <p className="font-medium wrap-anywhere">{exam.title}</p>
        <p className="text-xs text-muted">
          {dateAndTime(exam.startsAt)} – {dateTimeAndZone(exam.endsAt)}
        </p>
      </div>
      <span className="tabular">
        <Chip tone={TONES[state]}>{state === "over" ? t("courses.exam.over") : t(`courses.exam.${state}`, { left: timeLeft(left) })}</Chip>
      </span>
      <IconButton label={t("courses.removeExam", { title: exam.title })} icon={<X size={15} />} onClick={onRemove} />
    </li>
  );
}

/** The exams of a course: times in which its students may less. */
export function ExamsPage({ courseId }: { courseId: string }) {
  const exams = useQuery(examsQuery(courseId));
  const deed = useDeed(["course", courseId]);
  const now = useNow() / 1000;
  const [creating, setCreating] = useState(false);
  const [removing, setRemoving] = useState<Exam | null>(null);
  const list = [...(exams.data ?? [])].sort((a, b) => b.startsAt - a.startsAt);
  return (
    <div className="flex flex-col gap-3">
      <div className="flex items-start gap-3">
        <p className="flex-1 text-xs text-muted">{t("courses.examHint")}</p>
        <Button tone="primary" icon={<Plus size={16} />} onClick={() => setCreating(true)}>
          {t("courses.newExam")}
        </Button>
      </div>
      {exams.isPending && <Loading label={t("app.loading")} />}
      <FormProblem message={exams.isError ? messageOf(exams.error) : ""} />
      {exams.data?.length === 0 && <EmptyState icon={<GraduationCap size={28} />} title={t("courses.noExams")} />}
      {list.length > 0 && (
        <ul aria-label={t("courses.exams")} className="divide-y divide-line rounded-xl border border-line bg-panel shadow-card">
          {list.map((exam) => (
            <ExamRow key={exam.id} exam={exam} now={now} onRemove={() => setRemoving(exam)} />
          ))}
        </ul>
      )}
      {creating && <NewExamDialog courseId={courseId} onClose={() => setCreating(false)} />}
      {removing !== null && (
        <ConfirmDialog
          title={t("courses.removeExamTitle", { title: removing.title })}
          description={t("courses.removeExamHint")}
          action={t("courses.removeExamNow")}
          onClose={() => setRemoving(null)}
          onConfirm={() => deed.run(() => removeExam(courseId, removing.id))}
        />
      )}
    </div>
  );
}
