import { describe, expect, it } from "vitest";
import { parseSandboxInfo } from "@/wire/people";
import { isAlive, totalsOf } from "./sandboxList";

function sandbox(state: string, usage: object | null = null) {
  return parseSandboxInfo({ project_id: "p", state, usage });
}

describe("the list of sandboxes", () => {
  it("sums what those that run use, and counts them by state", () => {
    const totals = totalsOf([
      sandbox("stopped"),
      sandbox("ready", { memory: 100, cpu: 0.5, disk: 1 }),
      sandbox("ready", { memory: 50, cpu: 0.25, disk: 1 }),
    ]);
    expect(totals).toEqual({ states: [["ready", 2], ["stopped", 1]], memory: 150, cpu: 0.75 });
  });

  it("offers to stop what lives, and nothing else", () => {
    expect(["queued", "ready", "paused"].map((state) => isAlive(sandbox(state).state))).toEqual([true, true, true]);
    expect(["stopped", "failed", "absent"].map((state) => isAlive(sandbox(state).state))).toEqual([false, false, false]);
  });
});
