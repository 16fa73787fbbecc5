import { Check, CircleSlash } from "lucide-react";
import { t } from "@/shared/i18n/i18n";
import { toldPlainly } from "@/shared/i18n/told";
import { Button } from "@/shared/ui/Button";
import { relativeTime } from "@/shared/ui/relativeTime";
import type { Decision } from "@/wire/allowances";
import { hostEntry, mayBeAllowed } from "./hostEntry";

interface Props {
  decisions: readonly Decision[];
  /** Entries that are named already, or asked for. */
  settled: ReadonlySet<string>;
  /** What may be done about a host that was refused; null: nothing. */
  action: { label: string; name: (host: string) => string; run: (host: string) => void } | null;
  busy: boolean;
}

/** The latest connections, those that were refused with why, and with what this person may do about it. */
export function Decisions({ decisions, settled, action, busy }: Props) {
  return (
    <ul aria-label={t("egress.recent")} className="divide-y divide-line">
      {decisions.map((decision) => {
        const entry = hostEntry(decision.host, decision.port);
        const offered = action !== null && !decision.allowed && mayBeAllowed(decision.host) && !settled.has(entry);
        return (
          <li key={`${decision.host}:${String(decision.port)}:${decision.reason}:${String(decision.allowed)}`} className="flex items-start gap-2 px-3 py-1.5">
            <span className={`mt-0.5 ${decision.allowed ? "text-ok" : "text-bad"}`}>
              {decision.allowed ? <Check size={14} aria-hidden /> : <CircleSlash size={14} aria-hidden />}
            </span>
            <div className="min-w-0 flex-1">
              <p className="font-mono text-xs break-all">
                <span className="sr-only">{decision.allowed ? t("egress.allowed") : t("egress.refused")} </span>
                {entry}
                {decision.times > 1 && <span className="text-muted"> ×{decision.times}</span>}
              </p>
              {decision.reason !== "" && <p className="text-xs text-muted">{toldPlainly(decision.reason)}</p>}
              <p className="text-2xs text-muted">{relativeTime(decision.at)}</p>
            </div>
            {offered && (
              <Button small disabled={busy} aria-label={action.name(entry)} onClick={() => action.run(entry)}>
                {action.label}
              </Button>
            )}
          </li>
        );
      })}
    </ul>
  );
}
