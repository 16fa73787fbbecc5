import { create } from "zustand";
import { getJson } from "@/shared/api/request";
import { projectPath } from "@/shared/api/paths";
import { onEventBatch } from "@/shared/session/session";
import { parse, parseList } from "@/wire/parse";
import type { NodeFreshness, RunResult } from "@/wire/generated";
import { applyRunEvents, fromResults, NO_RUNS, type NodeRun, type RunsState } from "./runState";

/** Runs live here, not in the graph: an event of a run redraws the nodes it is about and nothing else. */
export const useRuns = create<RunsState>()(() => NO_RUNS);

export function useNodeRun(nodeId: string): NodeRun | undefined {
  return useRuns((state) => state.nodes.get(nodeId));
}

const LISTED = 20;
const READ = 6;

/** Read what ran last, and what runs now. */
export async function loadRuns(projectId: string): Promise<void> {
  const path = projectPath(projectId, "/runs");
  const list = await getJson(path, (value) => parseList("RunSummary", value), { query: { limit: LISTED } });
  const results: RunResult[] = [];
  const known = new Set<string>();
  for (const { run_id: runId, node_ids: ids } of list) {
    if (results.length >= READ) break;
    if (ids.length > 0 && ids.every((id) => known.has(id))) continue;
    results.push(await getJson(`${path}/${runId}`, (value) => parse("RunResult", value)));
    for (const id of ids) known.add(id);
  }
  useRuns.setState((state) => {
    const { nodes: found, active } = fromResults(results);
    const nodes = new Map(found);
    // What came by events since is newer.
    for (const [id, run] of state.nodes) if (state.active.has(run.runId)) nodes.set(id, run);
    return { nodes, active: new Map([...active, ...state.active]) };
  });
}

export function readFreshness(projectId: string): Promise<NodeFreshness[]> {
  return getJson(projectPath(projectId, "/freshness"), (value) => parseList("NodeFreshness", value));
}

export function showFreshness(list: readonly NodeFreshness[]): void {
  useRuns.setState({ freshness: new Map(list.map((item) => [item.node_id, item])) });
}

/** Follow the event stream. */
export function followRuns(): () => void {
  return onEventBatch((events) => useRuns.setState((state) => applyRunEvents(state, events, Date.now())));
}

export function resetRuns(): void {
  useRuns.setState(NO_RUNS);
}
