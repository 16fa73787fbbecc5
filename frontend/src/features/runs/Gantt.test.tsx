import { describe, expect, it } from "vitest";
import { tickLabel, ticks } from "./Gantt";

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
