import type { SandboxState } from "@/wire/control";
import type { NodeFreshness, NodeResult, Output, RunKind, RunResult, RunStatus, WireEvent } from "@/wire/generated";

/** A node as its newest run left it, or has it now. */
export interface NodeRun {
  runId: string;
  status: RunStatus;
  /** Milliseconds since 1970, by this browser's clock; null until it runs. */
  startedAt: number | null;
  stdout: string;
  stderr: string;
  displays: readonly Output[];
  result: NodeResult | null;
}

export interface ActiveRun {
  runId: string;
  kind: RunKind;
  nodeIds: readonly string[];
  startedBy: string;
  startedAt: number;
}

export interface RunsState {
  nodes: ReadonlyMap<string, NodeRun>;
  active: ReadonlyMap<string, ActiveRun>;
  freshness: ReadonlyMap<string, NodeFreshness>;
  /** Rises with each run that ends: lists of runs are read again then. */
  finished: number;
}

export const NO_RUNS: RunsState = { nodes: new Map(), active: new Map(), freshness: new Map(), finished: 0 };

/** Characters of live output that the page keeps per stream; the whole is in the run's result. */
const MAX_LIVE = 64 * 1024;

export function isFinal(status: RunStatus): boolean {
  return status !== "queued" && status !== "running";
}

/** What several nodes are together: the worst that happened comes first, then what goes on. Undefined when none ran. */
export function statusOfAll(runs: ReadonlyMap<string, NodeRun>, ids: Iterable<string>): RunStatus | undefined {
  const found = new Set([...ids].flatMap((id) => runs.get(id)?.status ?? []));
  return BY_WEIGHT.find((status) => found.has(status));
}

const BY_WEIGHT: readonly RunStatus[] = ["failed", "timed_out", "lost", "running", "queued", "cancelled", "skipped", "succeeded"];

function fresh(runId: string, status: RunStatus): NodeRun {
  return { runId, status, startedAt: null, stdout: "", stderr: "", displays: [], result: null };
}

interface Draft {
  nodes: Map<string, NodeRun>;
  active: Map<string, ActiveRun>;
  freshness: Map<string, NodeFreshness>;
  finished: number;
}

/** How much of a stream arrived so far, by run, node and stream; needed only while runs are live. */
const received = new Map<string, number>();

function appended(text: string, key: string, offset: number, more: string): string {
  const have = received.get(key) ?? 0;
  // A replay may begin before what is already here.
  const added = offset < have ? more.slice(have - offset) : more;
  received.set(key, Math.max(have, offset + more.length));
  const whole = text + added;
  return whole.length <= MAX_LIVE ? whole : whole.slice(whole.length - MAX_LIVE);
}

function nodeOf(draft: Draft, runId: string, nodeId: string): NodeRun {
  const current = draft.nodes.get(nodeId);
  return current?.runId === runId ? current : fresh(runId, "queued");
}

function finish(draft: Draft, runId: string, result: NodeResult): void {
  const node = nodeOf(draft, runId, result.node_id);
  if (node.result !== null && result.status === "lost") return;
  const { stdout, stderr, displays } = result;
  draft.nodes.set(result.node_id, { ...node, status: result.status, stdout, stderr, displays, result });
  // What was said of the result before is not true of this one; what is, is read after the run.
  draft.freshness.delete(result.node_id);
}

function applyOne(draft: Draft, event: WireEvent, now: number): void {
  switch (event.type) {
    case "run_started": {
      const { run_id: runId, kind, node_ids: nodeIds, started_by: startedBy } = event.data;
      received.clear();
      draft.active.set(runId, { runId, kind, nodeIds, startedBy, startedAt: now });
      for (const id of nodeIds) draft.nodes.set(id, fresh(runId, "queued"));
      return;
    }
    case "node_status": {
      const { run_id: runId, node_id: id, status } = event.data;
      const node = nodeOf(draft, runId, id);
      if (isFinal(node.status) && node.result !== null) return;
      draft.nodes.set(id, { ...node, status, startedAt: status === "running" ? (node.startedAt ?? now) : node.startedAt });
      return;
    }
    case "node_stream": {
      const { run_id: runId, node_id: id, stream, text, offset } = event.data;
      const node = nodeOf(draft, runId, id);
      if (node.result !== null) return;
      const field = stream === "stderr" ? "stderr" : "stdout";
      draft.nodes.set(id, { ...node, [field]: appended(node[field], `${runId} ${id} ${field}`, offset, text) });
      return;
    }
    case "node_display": {
      const { run_id: runId, node_id: id, output } = event.data;
      const node = nodeOf(draft, runId, id);
      if (node.result === null) draft.nodes.set(id, { ...node, displays: [...node.displays, output] });
      return;
    }
    case "node_finished":
      finish(draft, event.data.run_id, event.data.result);
      return;
    case "run_finished": {
      const { run_id: runId, status } = event.data;
      for (const id of draft.active.get(runId)?.nodeIds ?? []) {
        const node = draft.nodes.get(id);
        if (node?.runId === runId && !isFinal(node.status)) draft.nodes.set(id, { ...node, status });
      }
      draft.active.delete(runId);
      draft.finished += 1;
      return;
    }
    case "sandbox":
      if (ENDED.has(event.data.state)) loseAll(draft);
      return;
    default:
  }
}

/** A sandbox in one of these states runs nothing, and no further event comes of what it ran. */
const ENDED: ReadonlySet<string> = new Set<SandboxState>(["absent", "stopped", "failed", "deleted"]);

function loseAll(draft: Draft): void {
  for (const [id, node] of draft.nodes) {
    if (draft.active.has(node.runId) && !isFinal(node.status)) draft.nodes.set(id, { ...node, status: "lost" });
  }
  if (draft.active.size > 0) draft.finished += 1;
  draft.active.clear();
}

const RUN_EVENTS: ReadonlySet<string> = new Set([
  "run_started",
  "node_status",
  "node_stream",
  "node_display",
  "node_finished",
  "run_finished",
  "sandbox",
]);

/** When an event happened, by the server's clock. */
export function told({ at }: WireEvent): number {
  return at * 1000;
}

/**
 * All events of a frame, applied in one step. The same state comes back when none of them is about runs. `clock` tells
 * when an event happened: times are counted from then.
 */
export function applyRunEvents(state: RunsState, events: readonly WireEvent[], clock: (event: WireEvent) => number = told): RunsState {
  if (!events.some((event) => RUN_EVENTS.has(event.type))) return state;
  const draft: Draft = {
    nodes: new Map(state.nodes),
    active: new Map(state.active),
    freshness: new Map(state.freshness),
    finished: state.finished,
  };
  for (const event of events) applyOne(draft, event, clock(event));
  return draft;
}

/** Runs as the server lists them, newest first: what the page shows after it was loaded. */
export function fromResults(results: readonly RunResult[]): Pick<RunsState, "nodes" | "active"> {
  const nodes = new Map<string, NodeRun>();
  const active = new Map<string, ActiveRun>();
  for (const run of results) {
    const startedAt = run.created_at * 1000;
    if (!isFinal(run.status)) {
      const nodeIds = Object.keys(run.nodes);
      active.set(run.run_id, { runId: run.run_id, kind: run.kind, nodeIds, startedBy: run.started_by, startedAt });
    }
    for (const [id, result] of Object.entries(run.nodes)) {
      if (nodes.has(id)) continue;
      const { status, stdout, stderr, displays } = result;
      const done = isFinal(status);
      nodes.set(id, {
        runId: run.run_id,
        status,
        startedAt: startedAt + result.started_ms,
        stdout,
        stderr,
        displays,
        result: done ? result : null,
      });
    }
  }
  return { nodes, active };
}
