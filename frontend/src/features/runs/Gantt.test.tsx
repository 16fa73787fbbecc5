import { cleanup, render, screen } from "@testing-library/react";
import { Tooltip } from "radix-ui";
import { afterEach, describe, expect, it } from "vitest";
import { parse } from "@/wire/parse";
import { Gantt, tickLabel, ticks } from "./Gantt";

afterEach(cleanup);

describe("the ruler of a run", () => {
  it("has few and round steps, whatever the run's length", () => {
    for (const total of [0.4, 7, 93, 481, 2_300, 18_400, 61_000, 900_000]) {
      const steps = ticks(total);
      expect(steps.length).toBeGreaterThan(0);
      expect(steps.length).toBeLessThanOrEqual(4);
      expect(Math.max(...steps)).toBeLessThan(total);
    }
    expect(ticks(18_400)).toEqual([5_000, 10_000, 15_000]);
  });

  it("has short labels", () => {
    expect(tickLabel(5_000)).toBe("5 s");
    expect(tickLabel(2.5)).toBe("2.5 ms");
    expect(tickLabel(60_000)).toBe("1 min 0 s");
  });
});

describe("a row of a run", () => {
  const nodes = {
    load: { node_id: "load", status: "succeeded", duration_ms: 5, started_ms: 0, reason: "" },
    plot: { node_id: "plot", status: "skipped", duration_ms: 0, started_ms: 5, reason: "Load failed." },
  };

  it("is a button that is described by how the node ended, and why", () => {
    const run = parse("RunResult", { run_id: "r", kind: "flow", status: "succeeded", created_at: 1, nodes, duration_ms: 5 });
    render(
      <Tooltip.Provider>
        <Gantt run={run} />
      </Tooltip.Provider>,
    );
    screen.getByRole("button", { name: "load", description: "Succeeded" });
    screen.getByRole("button", { name: "plot", description: "Skipped · Load failed." });
  });
});
