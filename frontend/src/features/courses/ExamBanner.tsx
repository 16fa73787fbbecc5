import { GraduationCap } from "lucide-react";
import { t } from "@/shared/i18n/i18n";
import { useExam } from "@/shared/courses/courses";
import { dateAndTime, timeLeft } from "@/shared/ui/localTime";
import { useNow } from "@/shared/ui/useNow";

/** While an exam of one's own is on: which, how long, and what it takes away. */
export function ExamBanner() {
  const exam = useExam();
  const now = useNow(1_000, exam !== null) / 1000;
  if (exam === null || exam.endsAt <= now) return null;
  return (
    <section aria-label={t("courses.examOn", { title: exam.title })} className="border-b border-info/40 bg-info-soft px-4 py-1.5 text-sm">
      <p className="mx-auto flex max-w-6xl flex-wrap items-center gap-x-2.5 gap-y-0.5">
        <GraduationCap size={16} aria-hidden className="text-info" />
        <strong className="font-semibold text-info">{t("courses.examOn", { title: exam.title })}</strong>
        <span className="tabular text-text">{t("courses.examUntil", { time: dateAndTime(exam.endsAt), left: timeLeft(exam.endsAt - now) })}</span>
        <span className="text-xs text-muted">{t("courses.examRules")}</span>
      </p>
    </section>
  );
}
