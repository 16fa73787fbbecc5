import { t } from "@/shared/i18n/i18n";
import type { SandboxState } from "@/wire/control";

const TONES: Record<SandboxState, string> = {
  absent: "bg-line-strong",
  queued: "bg-warn",
  starting: "bg-warn",
  ready: "bg-ok",
  pausing: "bg-info",
  paused: "bg-info",
  resuming: "bg-warn",
  stopping: "bg-warn",
  stopped: "bg-line-strong",
  failed: "bg-bad",
  deleted: "bg-line-strong",
};

/** A dot and a word. */
export function SandboxBadge({ state }: { state: SandboxState }) {
  return (
    <span className="inline-flex items-center gap-1.5 text-xs whitespace-nowrap text-muted">
      <span aria-hidden className={`size-2 rounded-full ${TONES[state]}`} />
      {t(`projects.state.${state}`)}
    </span>
  );
}
