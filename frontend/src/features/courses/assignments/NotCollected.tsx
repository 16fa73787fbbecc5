import { RotateCw } from "lucide-react";
import { t } from "@/shared/i18n/i18n";
import { toldError } from "@/shared/i18n/told";
import { Button } from "@/shared/ui/Button";
import { dateAndTime } from "@/shared/ui/localTime";
import type { Uncollected } from "@/wire/courses";

interface Props {
  name: string;
  uncollected: Uncollected;
  busy: boolean;
  onAgain: () => void;
}

function next({ againAt }: Uncollected): string {
  if (againAt === null) return t("courses.collectNoMore");
  return againAt * 1000 <= Date.now() ? t("courses.collecting") : t("courses.collectNext", { time: dateAndTime(againAt) });
}

/** Why a student's work could not be collected, when that is tried again, and the way to try it now. */
export function NotCollected({ name, uncollected, busy, onAgain }: Props) {
  return (
    <div className="mt-1.5 flex max-w-72 flex-col items-start gap-1 text-xs whitespace-normal text-muted">
      <p>{t("courses.notCollectedBecause", { reason: toldError(uncollected.code, uncollected.message) })}</p>
      <p>{next(uncollected)}</p>
      <Button small icon={<RotateCw size={13} />} disabled={busy} aria-label={t("courses.collectAgainOf", { name })} onClick={onAgain}>
        {t("courses.collectAgain")}
      </Button>
    </div>
  );
}
