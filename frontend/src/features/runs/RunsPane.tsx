import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { History } from "lucide-react";
import { useState } from "react";
import { getJson } from "@/shared/api/request";
import { projectPath } from "@/shared/api/paths";
import { t } from "@/shared/i18n/i18n";
import { toldPlainly } from "@/shared/i18n/told";
import { useProject } from "@/shared/project/projectStore";
import { useRuns } from "@/shared/runs/runStore";
import { duration, relativeTime } from "@/shared/ui/relativeTime";
import { EmptyState } from "@/shared/ui/states";
import type { RunStatus, RunSummary } from "@/wire/generated";
import { parse, parseList } from "@/wire/parse";
import { Gantt } from "./Gantt";

const TONES: Record<RunStatus, string> = {
  queued: "bg-line-strong",
  running: "bg-accent",
  succeeded: "bg-ok",
  failed: "bg-bad",
  timed_out: "bg-bad",
  cancelled: "bg-warn",
  skipped: "bg-line-strong",
  lost: "bg-bad",
};

function RunRow({ run, chosen, onChoose }: { run: RunSummary; chosen: boolean; onChoose: () => void }) {
  const first = useProject((state) => state.nodes.get(run.node_ids[0] ?? "")?.title);
  const what = run.kind === "node" ? (first ?? t("runs.oneNode")) : t("runs.nodes", { count: run.node_ids.length });
  return (
    <li>
      <button
        type="button"
        aria-pressed={chosen}
        onClick={onChoose}
        className="flex w-full items-center gap-2.5 rounded-md px-2 py-1.5 text-left outline-offset-[-2px] hover:bg-hover aria-pressed:bg-hover"
      >
        <span aria-hidden className={`size-2 shrink-0 rounded-full ${TONES[run.status]}`} />
        <span className="min-w-0 flex-1">
          <span className="block truncate">{what}</span>
          <span className="block truncate text-2xs text-faint">
            {t(`runs.status.${run.status}`)} · {relativeTime(run.created_at)}
            {run.started_by === "" ? "" : ` · ${toldPlainly(run.started_by)}`}
          </span>
        </span>
        <span className="tabular text-xs text-muted">{duration(run.duration_ms)}</span>
      </button>
    </li>
  );
}

function RunDetail({ projectId, runId }: { projectId: string; runId: string }) {
  const finished = useRuns((state) => state.finished);
  const run = useQuery({
    queryKey: ["run", projectId, runId, finished],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => getJson(projectPath(projectId, `/runs/${runId}`), (value) => parse("RunResult", value), { signal }),
  });
  if (run.data === undefined) return null;
  return <Gantt run={run.data} />;
}

/** Runs, newest first, and how the time of one was spent. */
export function RunsPane() {
  const projectId = useProject((state) => state.id);
  const finished = useRuns((state) => state.finished);
  const active = useRuns((state) => state.active.size);
  const [chosen, setChosen] = useState<string | null>(null);
  const list = useQuery({
    queryKey: ["runs", projectId, finished, active],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      getJson(projectPath(projectId, "/runs"), (value) => parseList("RunSummary", value), { signal, query: { limit: 50 } }),
  });
  const runs = list.data ?? [];
  const shown = runs.find((run) => run.run_id === chosen) ?? runs[0];
  if (shown === undefined) {
    return (
      <EmptyState icon={<History size={22} />} title={t("runs.none")}>
        {t("runs.noneHint")}
      </EmptyState>
    );
  }
  return (
    <div className="flex h-full">
      <ul className="w-72 shrink-0 overflow-y-auto border-r border-line p-1" aria-label={t("app.panel.runs")}>
        {runs.map((run) => (
          <RunRow key={run.run_id} run={run} chosen={run === shown} onChoose={() => setChosen(run.run_id)} />
        ))}
      </ul>
      <div className="min-w-0 flex-1 overflow-auto">
        <RunDetail projectId={projectId} runId={shown.run_id} />
      </div>
    </div>
  );
}
