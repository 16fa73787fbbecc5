import { describe, expect, it } from "vitest";
import { output } from "@/testing/builders";
import type { NodeResult, WireEvent } from "@/wire/generated";
import { applyRunEvents, fromResults, NO_RUNS, type RunsState } from "./runState";

let seq = 0;
type Of<T extends WireEvent["type"]> = Extract<WireEvent, { type: T }>["data"];

function started(ids: string[], run = "r1"): WireEvent {
  return { seq: ++seq, at: 0, type: "run_started", data: { run_id: run, kind: "flow", node_ids: ids, started_by: "" } };
}

function status(id: string, state: Of<"node_status">["status"], run = "r1"): WireEvent {
  return { seq: ++seq, at: 0, type: "node_status", data: { run_id: run, node_id: id, status: state } };
}

function stream(id: string, text: string, offset: number): WireEvent {
  return { seq: ++seq, at: 0, type: "node_stream", data: { run_id: "r1", node_id: id, stream: "stdout", text, offset } };
}

function result(id: string, given: Partial<NodeResult> = {}): NodeResult {
  return {
    node_id: id,
    status: "succeeded",
    output: output({ "text/plain": "1" }),
    displays: [],
    stdout: "",
    stderr: "",
    error: null,
    duration_ms: 5,
    started_ms: 0,
    cached: false,
    reason: "",
    ...given,
  };
}

function finished(id: string, run = "r1"): WireEvent {
  return { seq: ++seq, at: 0, type: "node_finished", data: { run_id: run, result: result(id) } };
}

function ended(run = "r1", state: Of<"run_finished">["status"] = "succeeded"): WireEvent {
  return { seq: ++seq, at: 0, type: "run_finished", data: { run_id: run, status: state, duration_ms: 9, error: "" } };
}

function after(...events: WireEvent[]): RunsState {
  return applyRunEvents(NO_RUNS, events, () => 1000);
}

describe("events of a run", () => {
  it("take a node from waiting to its result", () => {
    expect(after(started(["a", "b"])).nodes.get("b")?.status).toBe("queued");
    const running = after(started(["a"]), status("a", "running"));
    expect(running.nodes.get("a")).toMatchObject({ status: "running", startedAt: 1000 });
    const done = applyRunEvents(running, [finished("a"), ended()], () => 2000);
    expect(done.nodes.get("a")).toMatchObject({ status: "succeeded", result: { duration_ms: 5 } });
    expect(done.active.size).toBe(0);
    expect(done.finished).toBe(1);
  });

  it("join output in order, and a replay adds nothing twice", () => {
    const state = after(started(["a"]), status("a", "running"), stream("a", "hello ", 0), stream("a", "hello wor", 0), stream("a", "ld", 9));
    expect(state.nodes.get("a")?.stdout).toBe("hello world");
  });

  it("keep the tail of long output", () => {
    const state = after(started(["a"]), stream("a", "x".repeat(70_000), 0), stream("a", "end", 70_000));
    expect(state.nodes.get("a")?.stdout).toHaveLength(64 * 1024);
    expect(state.nodes.get("a")?.stdout.endsWith("end")).toBe(true);
  });

  it("that come late do not undo a result", () => {
    const state = after(started(["a"]), finished("a"), status("a", "running"));
    expect(state.nodes.get("a")?.status).toBe("succeeded");
  });

  it("of a cancelled run end what had not ended", () => {
    const state = after(started(["a", "b"]), finished("a"), ended("r1", "cancelled"));
    expect(state.nodes.get("a")?.status).toBe("succeeded");
    expect(state.nodes.get("b")?.status).toBe("cancelled");
  });

  it("of a new run replace the old", () => {
    const state = after(started(["a"]), finished("a"), ended(), started(["a"], "r2"));
    expect(state.nodes.get("a")).toMatchObject({ runId: "r2", status: "queued", result: null });
  });

  it("with a new result end what was said of the old one", () => {
    const stale = (id: string) => [id, { node_id: id, state: "stale", reason: "code changed" }] as const;
    const before = { ...NO_RUNS, freshness: new Map([stale("a"), stale("b")]) };
    const state = applyRunEvents(before, [started(["a"]), finished("a")]);
    expect([...state.freshness.keys()]).toEqual(["b"]);
  });

  it("about other things change nothing", () => {
    const other: WireEvent = { seq: ++seq, at: 0, type: "project_changed", data: { etag: "1", by: "" } };
    expect(applyRunEvents(NO_RUNS, [other])).toBe(NO_RUNS);
  });

  it("by the ten thousand leave untouched nodes the same objects", () => {
    const ids = Array.from({ length: 1000 }, (_, index) => `n${String(index)}`);
    const before = after(started([...ids, "still"]));
    const many = Array.from({ length: 10_000 }, (_, index) => status(`n${String(index % 1000)}`, "running"));
    const state = applyRunEvents(before, many);
    expect(state.nodes.get("still")).toBe(before.nodes.get("still"));
    expect(state.nodes.get("n999")?.status).toBe("running");
  });
});

it("a page that was loaded shows the newest result of each node", () => {
  const run = (id: string, nodes: Record<string, NodeResult>, state: "running" | "succeeded") => ({
    run_id: id,
    kind: "flow" as const,
    status: state,
    created_at: 1,
    nodes,
    duration_ms: 1,
    error: null,
    started_by: "",
  });
  const { nodes, active } = fromResults([
    run("new", { a: result("a", { status: "running", stdout: "so far" }) }, "running"),
    run("old", { a: result("a"), b: result("b") }, "succeeded"),
  ]);
  expect(nodes.get("a")).toMatchObject({ runId: "new", status: "running", stdout: "so far", result: null });
  expect(nodes.get("b")?.runId).toBe("old");
  expect([...active.keys()]).toEqual(["new"]);
});

it("counts from when a run that is read back told its events", () => {
  const told = [started(["a"]), status("a", "running")].map((event) => ({ ...event, at: 5 }));
  expect(applyRunEvents(NO_RUNS, told).nodes.get("a")).toMatchObject({ status: "running", startedAt: 5000 });
});

it("what ran in a sandbox that ended is lost, and nothing else", () => {
  const ended: WireEvent = {
    seq: ++seq,
    at: 0,
    type: "sandbox",
    data: { state: "failed", reason: "", message: "", queue_position: null, pauses_in_sec: null, stops_in_sec: null, busy: [], update_ready: false, steps: [] },
  };
  const state = applyRunEvents(after(started(["a", "b"]), finished("a"), status("b", "running")), [ended]);
  expect(state.nodes.get("a")?.status).toBe("succeeded");
  expect(state.nodes.get("b")?.status).toBe("lost");
  expect(state.active.size).toBe(0);
});
