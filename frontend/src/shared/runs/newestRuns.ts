import type { RunSummary } from "@/wire/generated";
import { isFinal } from "./runState";

/** A page that opens reads no more than this of what ended; a node that ran before all of them shows that it has a result. */
const MOST_READ = 48;

/**
 * Which runs to read so that each node shows what it gave last, from a list that begins with the newest: those that go
 * on, and of those that ended the ones that are the newest of some node. Nodes that were run one by one need one each.
 */
export function newestRuns(list: readonly RunSummary[]): { live: string[]; ended: string[] } {
  const live: string[] = [];
  const ended: string[] = [];
  const known = new Set<string>();
  for (const { run_id: runId, node_ids: ids, status } of list) {
    if (!isFinal(status)) live.push(runId);
    else if (ended.length < MOST_READ && !ids.every((id) => known.has(id))) ended.push(runId);
    for (const id of ids) known.add(id);
  }
  return { live, ended };
}
