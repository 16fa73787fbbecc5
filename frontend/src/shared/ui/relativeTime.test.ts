import { expect, test } from "vitest";
import { duration } from "./relativeTime";

test("times are carried to the next unit when they round to it", () => {
  expect([duration(0.05), duration(9.96), duration(999.7), duration(59_960), duration(119_700), duration(185_000)]).toEqual([
    "<0.1 ms",
    "10 ms",
    "1.0 s",
    "1 min 0 s",
    "2 min 0 s",
    "3 min 5 s",
  ]);
});
