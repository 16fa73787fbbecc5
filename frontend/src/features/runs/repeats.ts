import type { Frame } from "@/wire/generated";

function same(one: Frame, other: Frame): boolean {
  return one.file === other.file && one.line === other.line && one.function === other.function;
}

/** Frames as they are shown: a line that called itself again and again is one row that tells how often. */
export function foldRepeats(frames: readonly Frame[]): { frame: Frame; times: number }[] {
  const rows: { frame: Frame; times: number }[] = [];
  for (const frame of frames) {
    const last = rows.at(-1);
    if (last !== undefined && same(last.frame, frame)) last.times += 1;
    else rows.push({ frame, times: 1 });
  }
  return rows;
}
