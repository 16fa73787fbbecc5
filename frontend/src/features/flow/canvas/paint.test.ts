import { expect, it } from "vitest";
import { shortened } from "./paint";

it.each([
  ["Chart", 30, 40, "Chart"],
  ["Transform table", 150, 80, "Transfo…"],
  ["Read CSV", 80, 60, "Read…"],
  ["🐧🐧🐧🐧", 40, 30, "🐧🐧…"],
  ["Wide", 400, 1, "W…"],
])("%s of width %d is painted into %d as %s", (title, width, room, painted) => {
  expect(shortened(title, width, room)).toBe(painted);
});
