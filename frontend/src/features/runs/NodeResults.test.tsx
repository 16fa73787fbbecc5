import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { fromResults } from "@/shared/runs/runState";
import { resetRuns, useRuns } from "@/shared/runs/runStore";
import { node } from "@/testing/builders";
import type { NodeResult, RunError } from "@/wire/generated";
import { NodeResults } from "./NodeResults";

const MISSING = "Nothing is connected to the input `b` of Sum. Connect a node to it.";

/** The newest run of a node, and what its result is worth now. */
function show(result: Partial<NodeResult>, reason: string): void {
  const whole: NodeResult = {
    node_id: "sum",
    status: "failed",
    output: null,
    displays: [],
    stdout: "",
    stderr: "",
    error: null,
    duration_ms: 1,
    started_ms: 0,
    cached: false,
    reason: "",
    ...result,
  };
  const run = { run_id: "r", kind: "flow" as const, status: whole.status, created_at: 1, nodes: { sum: whole }, duration_ms: 1, error: null, started_by: "" };
  useRuns.setState({ ...fromResults([run]), freshness: new Map([["sum", { node_id: "sum", state: "stale", reason }]]) });
  render(<NodeResults node={node("sum", { title: "Sum" })} />);
}

function error(message: string): RunError {
  return { type: "MissingInput", message, frames: [], hint: "" };
}

afterEach(() => {
  cleanup();
  resetRuns();
});

describe("why a node is out of date", () => {
  it("is said once where its run failed for that reason", () => {
    show({ error: error(MISSING) }, MISSING);
    expect(screen.getAllByText(MISSING, { exact: false })).toHaveLength(1);
    expect(screen.queryByText(/Out of date/)).toBeNull();
  });

  it("is said beside a failure for another reason", () => {
    show({ error: error(MISSING) }, "It is set to run each time.");
    screen.getByText(MISSING);
    screen.getByText("Out of date — It is set to run each time.");
  });

  it("is said once of a node that was skipped", () => {
    show({ status: "skipped", reason: "Load did not succeed." }, "Load, which it needs, has to run first.");
    screen.getByText("Load did not succeed.");
    expect(screen.queryByText(/Out of date/)).toBeNull();
  });

  it("is said of a result that was good", () => {
    show({ status: "succeeded" }, "Its code was edited.");
    screen.getByText("Out of date — Its code was edited.");
  });
});
