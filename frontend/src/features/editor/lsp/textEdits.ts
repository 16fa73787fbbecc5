/** Text, positions and edits. Pure; columns count UTF-16 units, as both Monaco and the servers do here. */

import type { Position, Range, TextEdit } from "./protocol";

/** Offsets at which the lines start. `\r\n`, `\n` and `\r` end a line. */
export function lineStarts(source: string): number[] {
  const starts = [0];
  for (let index = 0; index < source.length; index++) {
    const character = source.charCodeAt(index);
    if (character === 13 && source.charCodeAt(index + 1) === 10) continue;
    if (character === 10 || character === 13) starts.push(index + 1);
  }
  return starts;
}

function offsetIn(source: string, starts: readonly number[], position: Position): number {
  const start = starts[position.line];
  if (start === undefined) return source.length;
  const next = starts[position.line + 1] ?? source.length;
  let end = next;
  // A column past the end of its line means the end of the line, before its terminator.
  while (end > start && (source.charCodeAt(end - 1) === 10 || source.charCodeAt(end - 1) === 13)) end--;
  return Math.min(start + position.character, end);
}

export function offsetAt(source: string, position: Position): number {
  return offsetIn(source, lineStarts(source), position);
}

/** The text after all edits, which refer to the text before. Overlapping edits are refused. */
export function applyEdits(source: string, edits: readonly TextEdit[]): string {
  const starts = lineStarts(source);
  const placed = edits.map((edit, order) => ({
    from: offsetIn(source, starts, edit.range.start),
    to: offsetIn(source, starts, edit.range.end),
    newText: edit.newText,
    order,
  }));
  placed.sort((a, b) => a.from - b.from || a.to - b.to || a.order - b.order);
  let result = "";
  let at = 0;
  for (const { from, to, newText } of placed) {
    if (from < at || to < from) throw new RangeError("The server's edits overlap; nothing was changed.");
    result += source.slice(at, from) + newText;
    at = to;
  }
  return result + source.slice(at);
}

function isAfter(a: Position, b: Position): boolean {
  return a.line > b.line || (a.line === b.line && a.character > b.character);
}

/** Whether two of the edits touch the same characters, or one ends before it begins: no editor takes those. */
export function overlap(edits: readonly TextEdit[]): boolean {
  const ranges = edits.map(({ range }) => range).sort((a, b) => a.start.line - b.start.line || a.start.character - b.start.character || a.end.line - b.end.line || a.end.character - b.end.character);
  return ranges.some(({ start, end }, index) => {
    const before = ranges[index - 1];
    return isAfter(start, end) || (before !== undefined && isAfter(before.end, start));
  });
}

/** One change of an editor: `offset` and `length` of what was replaced, in the text before this change. */
export interface Change {
  readonly range: Range;
  readonly text: string;
}

/**
 * The changes of one Monaco event for `didChange`. LSP applies them one after the other, Monaco reports all against the
 * text before the event: from the last to the first, none moves what is still to come.
 */
export function inOrderOfApplication(changes: readonly Change[]): Change[] {
  return [...changes].sort(
    (a, b) => b.range.start.line - a.range.start.line || b.range.start.character - a.range.start.character,
  );
}
