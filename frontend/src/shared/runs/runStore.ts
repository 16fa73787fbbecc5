import { create } from "zustand";
import { getJson, request } from "@/shared/api/request";
import { projectPath } from "@/shared/api/paths";
import { onEventBatch } from "@/shared/session/session";
import { parse, parseEvent, parseJson, parseList } from "@/wire/parse";
import type { NodeFreshness, RunResult, WireEvent } from "@/wire/generated";
import { newestRuns } from "./newestRuns";
import { applyRunEvents, fromResults, NO_RUNS, type NodeRun, type RunsState } from "./runState";

/** Runs live here, not in the graph: an event of a run redraws the nodes it is about and nothing else. */
export const useRuns = create<RunsState>()(() => NO_RUNS);

export function useNodeRun(nodeId: string): NodeRun | undefined {
  return useRuns((state) => state.nodes.get(nodeId));
}

/** As many as a sandbox keeps. */
const LISTED = 200;
const AT_ONCE = 4;

/** What a run that goes on has told so far. */
async function readEvents(path: string): Promise<WireEvent[]> {
  const lines = (await (await request(path)).text()).split("\n");
  return lines.flatMap((line) => (line === "" ? [] : (parseEvent(parseJson(line)) ?? [])));
}

/** Read what ran last, and what runs now. */
export async function loadRuns(projectId: string): Promise<void> {
  const path = projectPath(projectId, "/runs");
  const meanwhile: WireEvent[] = [];
  const stop = onEventBatch((events) => meanwhile.push(...events));
  try {
    const list = await getJson(path, (value) => parseList("RunSummary", value), { query: { limit: LISTED } });
    const { live: going, ended } = newestRuns(list);
    const live: WireEvent[] = [];
    for (const runId of going) live.unshift(...(await readEvents(`${path}/${runId}/events`)));
    const results: RunResult[] = [];
    while (results.length < ended.length) {
      const some = ended.slice(results.length, results.length + AT_ONCE);
      results.push(...(await Promise.all(some.map((runId) => getJson(`${path}/${runId}`, (value) => parse("RunResult", value))))));
    }
    const until = live.reduce((latest, { at }) => Math.max(latest, at), 0);
    const since = meanwhile.filter(({ at }) => at > until);
    useRuns.setState((state) => applyRunEvents({ ...state, ...fromResults(results) }, [...live, ...since]));
  } finally {
    stop();
  }
}

export function readFreshness(projectId: string): Promise<NodeFreshness[]> {
  return getJson(projectPath(projectId, "/freshness"), (value) => parseList("NodeFreshness", value));
}

export function showFreshness(list: readonly NodeFreshness[]): void {
  useRuns.setState({ freshness: new Map(list.map((item) => [item.node_id, item])) });
}

/** Follow the event stream. */
export function followRuns(): () => void {
  return onEventBatch((events) => useRuns.setState((state) => applyRunEvents(state, events, Date.now)));
}

export function resetRuns(): void {
  useRuns.setState(NO_RUNS);
}
