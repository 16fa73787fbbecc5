import { describe, expect, it } from "vitest";

import { clock, nextPause, secondsLeft } from "./countdown";

describe("countdown", () => {
  it("counts from when it was told, and never below nothing", () => {
    expect(secondsLeft(600, 1_000, 61_000)).toBe(540);
    expect(secondsLeft(10, 0, 60_000)).toBe(0);
    expect(secondsLeft(null, 0, 0)).toBeNull();
  });

  it("is written as a clock", () => {
    expect([7, 750, 3909].map(clock)).toEqual(["0:07", "12:30", "1:05:09"]);
  });

  it("tells what comes first", () => {
    expect(nextPause(60, 30)).toEqual({ kind: "stops", seconds: 30 });
    expect(nextPause(60, 600)).toEqual({ kind: "pauses", seconds: 60 });
    expect(nextPause(null, 5)).toEqual({ kind: "stops", seconds: 5 });
    expect(nextPause(null, null)).toBeNull();
  });
});
