import { CircleX, Zap } from "lucide-react";
import { useId, useState } from "react";
import { t } from "@/shared/i18n/i18n";
import { toldPlainly } from "@/shared/i18n/told";
import { useProject } from "@/shared/project/projectStore";
import { Hint } from "@/shared/ui/Hint";
import { duration } from "@/shared/ui/relativeTime";
import type { NodeResult, RunResult, RunStatus } from "@/wire/generated";
import { ErrorView } from "./ErrorView";
import { PastResult } from "./PastResult";

const BARS: Record<RunStatus, string> = {
  queued: "bg-line-strong",
  running: "bg-accent",
  succeeded: "bg-ok/75",
  failed: "bg-bad/85",
  timed_out: "bg-bad/85",
  cancelled: "bg-warn/75",
  skipped: "bg-line-strong",
  lost: "bg-bad/85",
};

/** The run's length, for the scale: its own word, or where its last node ended. */
export function span(run: RunResult): number {
  const ends = Object.values(run.nodes).map((node) => node.started_ms + node.duration_ms);
  return Math.max(1, run.duration_ms, ...ends);
}

/** Round steps for the ruler: at most four, so that each has room for its label. */
export function ticks(total: number): number[] {
  const rough = total / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  const list: number[] = [];
  for (let at = step; at < total; at += step) list.push(at);
  return list;
}

/** "5 s", not "5.0 s": what stands on the ruler is round. */
export function tickLabel(ms: number): string {
  return duration(ms).replace(/\.0(?= )/, "");
}

const COLUMNS = "grid-cols-[minmax(4.5rem,9rem)_minmax(8rem,1fr)_4.25rem]";
/** A label that begins farther right would run into the total. */
const LABELLED_UP_TO = 0.86;

function Bar({ node, total, chosen, onChoose }: { node: NodeResult; total: number; chosen: boolean; onChoose: () => void }) {
  const known = useProject((state) => state.nodes.get(node.node_id));
  const title = known?.title ?? node.node_id;
  const skipped = node.status === "skipped";
  const id = useId();
  const why = [t(`runs.status.${node.status}`), toldPlainly(node.reason)].filter(Boolean).join(" · ");
  return (
    <li className={`group relative grid h-7 ${COLUMNS} items-center gap-3 px-3 pointer-coarse:h-10 hover:bg-hover`}>
      {/* All of the row is the button: pressed, it tells below why the node ran, or did not. */}
      <Hint text={why}>
        <button
          type="button"
          aria-pressed={chosen}
          aria-describedby={id}
          onClick={onChoose}
          className="flex items-center gap-1.5 truncate text-left text-xs group-hover:underline after:absolute after:inset-0 after:z-10 aria-pressed:font-semibold"
        >
          {node.error !== null && <CircleX size={12} className="shrink-0 text-bad" />}
          <span className="truncate">{title}</span>
        </button>
      </Hint>
      <span className="relative h-3.5">
        <span id={id} hidden>
          {why}
        </span>
        {!skipped && (
          <span
            className={`absolute inset-y-0 min-w-0.75 rounded-sm ${BARS[node.status]} ${node.cached ? "opacity-50" : ""}`}
            style={{ left: `${(100 * node.started_ms) / total}%`, width: `${(100 * node.duration_ms) / total}%` }}
          />
        )}
      </span>
      <span className="tabular flex items-center justify-end gap-1 text-2xs text-muted">
        {node.cached && <Zap size={11} className="text-info" aria-label={t("runs.status.cached")} role="img" />}
        {skipped ? t("runs.status.skipped") : duration(node.duration_ms)}
      </span>
    </li>
  );
}

/** Each node's share of a run, on one ruler. */
export function Gantt({ run }: { run: RunResult }) {
  const total = span(run);
  const [chosen, setChosen] = useState("");
  const result = run.nodes[chosen];
  const nodes = Object.values(run.nodes).sort((a, b) => a.started_ms - b.started_ms);
  return (
    <div className="min-w-80 py-1.5">
      {run.error !== null && <ErrorView error={run.error} />}
      <div aria-hidden className={`grid ${COLUMNS} gap-3 px-3`}>
        <span />
        <span className="relative h-5 border-b border-line">
          {ticks(total).map((at) => (
            <span
              key={at}
              className="tabular absolute bottom-0 h-4 border-l border-line pl-1 text-2xs whitespace-nowrap text-faint"
              style={{ left: `${(100 * at) / total}%` }}
            >
              {at / total <= LABELLED_UP_TO && tickLabel(at)}
            </span>
          ))}
        </span>
        <span className="tabular self-end text-right text-2xs text-faint">{duration(total)}</span>
      </div>
      <ul aria-label={t("runs.timeline")}>
        {nodes.map((node) => (
          <Bar
            key={node.node_id}
            node={node}
            total={total}
            chosen={node.node_id === chosen}
            onChoose={() => setChosen(node.node_id === chosen ? "" : node.node_id)}
          />
        ))}
      </ul>
      {result === undefined ? (
        <p className="px-3 py-1.5 text-xs text-faint">{t("runs.history.hint")}</p>
      ) : (
        <PastResult runId={run.run_id} result={result} />
      )}
    </div>
  );
}
