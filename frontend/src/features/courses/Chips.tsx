import { Check, CircleDot, Clock3, FileCheck2, FileX2, Undo2 } from "lucide-react";
import type { ReactNode } from "react";
import { t } from "@/shared/i18n/i18n";
import type { SubmissionState } from "@/wire/courses";

const TONES = {
  plain: "bg-hover text-muted",
  ok: "bg-ok-soft text-ok",
  info: "bg-info-soft text-info",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
};
export type ChipTone = keyof typeof TONES;

/** A short fact: a picture and a word, so that its colour is never all that tells. */
export function Chip({ tone = "plain", icon, children }: { tone?: ChipTone; icon?: ReactNode; children: ReactNode }) {
  return (
    <span className={`inline-flex items-center gap-1 rounded-md px-1.5 py-0.5 text-xs font-medium whitespace-nowrap ${TONES[tone]}`}>
      {icon}
      {children}
    </span>
  );
}

const STATES = {
  not_started: ["plain", <Clock3 key="icon" size={12} aria-hidden />],
  started: ["info", <CircleDot key="icon" size={12} aria-hidden />],
  not_collected: ["bad", <FileX2 key="icon" size={12} aria-hidden />],
  handed_in: ["ok", <Check key="icon" size={12} aria-hidden />],
  collected: ["ok", <FileCheck2 key="icon" size={12} aria-hidden />],
  given_back: ["plain", <Undo2 key="icon" size={12} aria-hidden />],
} as const satisfies Record<SubmissionState, readonly [ChipTone, ReactNode]>;

export function StateChip({ state, late = false }: { state: SubmissionState; late?: boolean }) {
  const [tone, icon] = STATES[state];
  return (
    <span className="inline-flex flex-wrap gap-1">
      <Chip tone={tone} icon={icon}>
        {t(`courses.state.${state}`)}
      </Chip>
      {late && <Chip tone="warn">{t("courses.late")}</Chip>}
    </span>
  );
}
