import { CalendarClock } from "lucide-react";
import { t } from "@/shared/i18n/i18n";
import { dateTimeAndZone, timeLeft } from "@/shared/ui/localTime";
import { useNow } from "@/shared/ui/useNow";

const SOON_SEC = 3_600;

/** When something is due, in the time of who looks, and what is left until then. */
export function Deadline({ dueAt }: { dueAt: number | null }) {
  const now = useNow(1_000, dueAt !== null) / 1000;
  if (dueAt === null) return <span className="text-muted">{t("courses.noDue")}</span>;
  const left = dueAt - now;
  const tone = left <= 0 ? "text-bad" : left < SOON_SEC ? "text-warn" : "text-muted";
  return (
    <span className="inline-flex flex-wrap items-center gap-x-1.5">
      <CalendarClock size={14} aria-hidden className="shrink-0 text-faint" />
      <time dateTime={new Date(dueAt * 1000).toISOString()}>
        {t("courses.due", { time: dateTimeAndZone(dueAt) })}
      </time>
      <span className={`tabular font-medium ${tone}`}>{left <= 0 ? t("courses.duePast") : t("courses.dueLeft", { left: timeLeft(left) })}</span>
    </span>
  );
}
