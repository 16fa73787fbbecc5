import { expect, test } from "vitest";
import type { Frame } from "@/wire/generated";
import { foldRepeats } from "./repeats";

function frame(line: number, name = "deep"): Frame {
  return { file: "nodes/a.py", node: "a", line, function: name, text: "" };
}

test("a line that calls itself is one row with a count", () => {
  const frames = [frame(9, "main"), ...Array.from({ length: 60 }, () => frame(4)), frame(3)];
  expect(foldRepeats(frames).map(({ frame: { line }, times }) => [line, times])).toEqual([
    [9, 1],
    [4, 60],
    [3, 1],
  ]);
});

test("lines that differ stay as they are", () => {
  expect(foldRepeats([frame(1), frame(2), frame(1)])).toHaveLength(3);
});
