import { Zap } from "lucide-react";
import { useState } from "react";
import { t } from "@/shared/i18n/i18n";
import { toldPlainly } from "@/shared/i18n/told";
import { isFinal, type NodeRun } from "@/shared/runs/runState";
import { useNodeRun, useRuns } from "@/shared/runs/runStore";
import { duration } from "@/shared/ui/relativeTime";
import type { Node, NodeFreshness, NodeResult } from "@/wire/generated";
import { ErrorView } from "./ErrorView";
import { Log, Outputs } from "./Outputs";

type Tab = "output" | "log";

/** Whether the failure beside it tells already why the node is out of date. */
function isSaid({ status, result }: NodeRun, reason: string): boolean {
  return status === "skipped" || (reason !== "" && result?.error?.message === reason);
}

/** What the result is worth now; what the lines around it say already is not said again. */
function Fresh({ run, freshness: { state, reason } }: { run: NodeRun | undefined; freshness: NodeFreshness }) {
  switch (state) {
    case "fresh":
      return <p className="text-faint">{t(run === undefined ? "runs.freshness.kept" : "runs.freshness.fresh")}</p>;
    case "stale":
      return run !== undefined && isSaid(run, reason) ? null : <p className="text-warn">{`${t("runs.freshness.stale")}${reason === "" ? "" : ` — ${toldPlainly(reason)}`}`}</p>;
    case "failed":
      return run?.result?.error != null ? null : <p className="text-bad">{reason === "" ? t("runs.freshness.failed") : toldPlainly(reason)}</p>;
    case "never_run":
      return run === undefined ? <p className="text-faint">{t("runs.freshness.never_run")}</p> : null;
  }
}

/** Why it ran, or why it did not. */
function reasonOf(status: NodeRun["status"], { cached, reason }: NodeResult): string {
  const told = toldPlainly(reason);
  return cached || status === "skipped" ? told : t("runs.ranBecause", { reason: told });
}

function Why({ nodeId, run }: { nodeId: string; run: NodeRun | undefined }) {
  const freshness = useRuns((state) => state.freshness.get(nodeId));
  const cached = run?.result?.cached === true;
  return (
    <div className="flex flex-col gap-1 px-3.5 pb-2 text-xs">
      {run !== undefined && (
        <p className="flex items-center gap-1.5 text-muted">
          {cached && <Zap size={12} className="text-info" />}
          {t(`runs.status.${run.status}`)}
          {run.result !== null && <span className="tabular text-faint">· {duration(run.result.duration_ms)}</span>}
        </p>
      )}
      {run?.result != null && run.result.reason !== "" && <p className="text-faint">{reasonOf(run.status, run.result)}</p>}
      {freshness !== undefined && (run === undefined || isFinal(run.status)) && <Fresh run={run} freshness={freshness} />}
    </div>
  );
}

/** What the node's newest run gave: its value, what it printed, or what went wrong and where. */
export function NodeResults({ node }: { node: Node }) {
  const run = useNodeRun(node.id);
  const [tab, setTab] = useState<Tab>("output");
  return (
    <section aria-label={t("runs.results")} className="flex-1 border-t border-line">
      <div role="tablist" aria-label={t("runs.results")} className="flex gap-1 px-2.5 py-2">
        {(["output", "log"] as const).map((id) => (
          <button
            key={id}
            type="button"
            role="tab"
            aria-selected={tab === id}
            onClick={() => setTab(id)}
            className="h-6.5 rounded-md px-2 text-xs font-medium text-muted hover:text-text aria-selected:bg-hover aria-selected:text-text"
          >
            {t(`runs.tab.${id}`)}
          </button>
        ))}
      </div>
      <Why nodeId={node.id} run={run} />
      {run?.result?.error != null && <ErrorView error={run.result.error} />}
      {run !== undefined &&
        (tab === "output" ? (
          <Outputs
            runId={run.runId}
            nodeId={node.id}
            status={run.status}
            displays={run.displays}
            output={run.result?.output ?? null}
            quiet={run.status !== "succeeded"}
            newest
          />
        ) : (
          <Log stdout={run.stdout} stderr={run.stderr} />
        ))}
    </section>
  );
}
