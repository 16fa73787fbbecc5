import { Ban, CircleCheck, CircleDashed, CircleX, Clock, LoaderCircle, SkipForward, TimerOff, Unplug, Zap, History } from "lucide-react";
import { useEffect, useState } from "react";
import { t } from "@/shared/i18n/i18n";
import { toldPlainly } from "@/shared/i18n/told";
import { readTable, TABLE_MIME } from "@/shared/output/table";
import { isFinal, type NodeRun } from "@/shared/runs/runState";
import { useNodeRun, useRuns } from "@/shared/runs/runStore";
import { duration } from "@/shared/ui/relativeTime";
import type { Freshness, Output, RunStatus } from "@/wire/generated";

const ICONS: Record<RunStatus, { icon: typeof Ban; tone: string }> = {
  queued: { icon: Clock, tone: "text-faint" },
  running: { icon: LoaderCircle, tone: "text-accent-text animate-spin" },
  succeeded: { icon: CircleCheck, tone: "text-ok" },
  failed: { icon: CircleX, tone: "text-bad" },
  timed_out: { icon: TimerOff, tone: "text-bad" },
  cancelled: { icon: Ban, tone: "text-warn" },
  skipped: { icon: SkipForward, tone: "text-faint" },
  lost: { icon: Unplug, tone: "text-bad" },
};

/** How a run stands, as an icon that says so. */
export function StatusIcon({ status }: { status: RunStatus }) {
  const { icon: Icon, tone } = ICONS[status];
  return <Icon size={14} className={tone} aria-label={t(`runs.status.${status}`)} role="img" />;
}

function useElapsed(run: NodeRun | undefined): number | null {
  const startedAt = run?.status === "running" ? run.startedAt : null;
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (startedAt === null) return undefined;
    const timer = setInterval(() => setNow(Date.now()), 100);
    return () => clearInterval(timer);
  }, [startedAt]);
  if (startedAt !== null) return Math.max(0, now - startedAt);
  return run?.result?.duration_ms ?? null;
}

/** Icon and time of a node's newest run, in the node's header. */
export function Status({ nodeId }: { nodeId: string }) {
  const run = useNodeRun(nodeId);
  const stale = useRuns((state) => state.freshness.get(nodeId)?.state === "stale");
  const elapsed = useElapsed(run);
  if (run === undefined) {
    return <CircleDashed size={14} className="text-faint" aria-label={t("runs.status.never")} role="img" />;
  }
  const cached = run.result?.cached === true && run.status === "succeeded";
  const old = stale && isFinal(run.status) && run.status === "succeeded";
  const { icon, tone } = old ? { icon: History, tone: "text-warn" } : cached ? { icon: Zap, tone: "text-info" } : ICONS[run.status];
  const Icon = icon;
  const label = old ? t("runs.status.stale") : cached ? t("runs.status.cached") : t(`runs.status.${run.status}`);
  return (
    <span className="flex items-center gap-1.5">
      {elapsed !== null && run.status !== "skipped" && <span className="tabular text-2xs text-faint">{duration(elapsed)}</span>}
      <Icon size={14} className={tone} aria-label={label} role="img" />
    </span>
  );
}

function lastLine(text: string): string {
  const trimmed = text.trimEnd();
  return trimmed.slice(trimmed.lastIndexOf("\n") + 1).slice(0, 200);
}

interface Footer {
  text: string;
  tone: string;
}

function footerOf(run: NodeRun | undefined, freshness: Freshness | undefined): Footer {
  if (run === undefined) {
    return { text: freshness === undefined ? t("runs.status.never") : t(`runs.freshness.${freshness}`), tone: "text-faint" };
  }
  const { result, status } = run;
  if (!isFinal(status)) {
    const line = lastLine(run.stdout) || lastLine(run.stderr);
    return { text: line === "" ? t(`runs.status.${status}`) : line, tone: line === "" ? "text-muted" : "font-mono text-muted" };
  }
  if (result?.error != null) return { text: `${result.error.type}: ${toldPlainly(result.error.message)}`, tone: "text-bad" };
  if (status === "succeeded" && result?.output != null) return { text: summary(result.output), tone: "text-muted" };
  // Why it was skipped is news; of what ran and gave nothing, the reason tells why it had begun.
  const why = status === "skipped" ? (result?.reason ?? "") : "";
  return { text: why === "" ? t(`runs.status.${status}`) : toldPlainly(why), tone: "text-faint" };
}

function summary(output: Output): string {
  const text = output.mime["text/plain"];
  const short = output.type.slice(output.type.lastIndexOf(".") + 1);
  const table = output.mime[TABLE_MIME] === undefined ? null : readTable(output.mime[TABLE_MIME]);
  if (table !== null) return `${short}  ${t("runs.output.rows", { rows: table.totalRows, columns: table.columns.length })}`;
  const line = typeof text === "string" ? (text.split("\n", 1)[0] ?? "") : "";
  return line === "" || line.length > 60 ? short : `${short}  ${line}`;
}

/** The line at the foot of a node: what it prints while it runs, then what came out, or what went wrong. All of it is in the inspector. */
export function StatusLine({ nodeId }: { nodeId: string }) {
  const run = useNodeRun(nodeId);
  const freshness = useRuns((state) => state.freshness.get(nodeId)?.state);
  const { text, tone } = footerOf(run, freshness);
  return (
    <p className={`min-w-0 truncate text-2xs ${tone}`} title={text}>
      {text}
    </p>
  );
}
