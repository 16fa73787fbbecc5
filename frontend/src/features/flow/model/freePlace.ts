import type { Position, Size } from "@/wire/generated";
import { contains, GRID, overlaps, snapped, type Rect } from "./geometry";

/** Kept free around each node: a wire and its ports have to be seen. */
export const GAP = 3 * GRID;
/** So many places are tried along each side of what is seen, at most. */
const TRIES = 128;
/** Beyond what is seen, nodes are placed by rows and columns, up to so many away. */
const CELLS = 12;
/** Distances that differ by less are the same. */
const ALIKE = 1e-9;

function grown({ x, y, width, height }: Rect, by: number): Rect {
  return { x: x - by, y: y - by, width: width + 2 * by, height: height + 2 * by };
}

/** The grid's lines from `from` to `to`, so that one of them is `through`: that one first, then those ever farther from it. */
function lines(from: number, to: number, through: number, step: number): number[] {
  const found: number[] = [];
  for (let at = through - Math.ceil((through - from) / step) * step; at <= to; at += step) if (at >= from) found.push(at);
  return found.sort((a, b) => Math.abs(a - through) - Math.abs(b - through));
}

/** Order of places that are as near: to the right, then clockwise. */
function turn(x: number, y: number): number {
  return (Math.atan2(y, x) + 2 * Math.PI) % (2 * Math.PI);
}

/**
 * Where something of this size lies on nothing else, as near to a place as may be: in what is seen if there is room, else
 * beside it. The same comes back for the same flow. Places are upper left corners, in canvas units.
 */
export function freePlace(taken: readonly Rect[], size: Size, wanted: Position, seen: Rect): Position {
  const start = snapped(wanted);
  const cell = (length: number) => Math.ceil((length + GAP) / GRID) * GRID;
  const [across, down] = [cell(size.width), cell(size.height)];
  const nearestFree = (xs: readonly number[], ys: readonly number[], area: Rect | null, unit: Position): Position | null => {
    const rects = taken.map((rect) => grown(rect, GAP)).filter((rect) => area === null || overlaps(rect, area));
    let best: Position | null = null;
    let [bestDistance, bestTurn] = [Infinity, Infinity];
    for (const x of xs) {
      for (const y of ys) {
        const [dx, dy] = [(x - start.x) / unit.x, (y - start.y) / unit.y];
        const farther = Math.hypot(dx, dy) - bestDistance;
        if (farther > ALIKE) break;
        const found = { x, y, ...size };
        if (farther > -ALIKE && turn(dx, dy) >= bestTurn) continue;
        if ((area !== null && !contains(area, found)) || rects.some((rect) => overlaps(rect, found))) continue;
        best = { x, y };
        [bestDistance, bestTurn] = [Math.hypot(dx, dy), turn(dx, dy)];
      }
    }
    return best;
  };
  const step = Math.max(GRID, Math.ceil(Math.max(seen.width, seen.height) / TRIES / GRID) * GRID);
  const here = nearestFree(
    lines(seen.x, seen.x + seen.width, start.x, step),
    lines(seen.y, seen.y + seen.height, start.y, step),
    seen,
    // Counted in nodes, so that rows grow as columns do.
    { x: across, y: down },
  );
  if (here !== null) return here;
  const beside = nearestFree(
    lines(start.x - CELLS * across, start.x + CELLS * across, start.x, across),
    lines(start.y - CELLS * down, start.y + CELLS * down, start.y, down),
    null,
    // As far as the viewport would have to be moved.
    { x: 1, y: 1 },
  );
  if (beside !== null) return beside;
  // All around is full: below everything is not.
  const lowest = Math.max(start.y, ...taken.map((rect) => rect.y + rect.height + GAP));
  return { x: start.x, y: Math.ceil(lowest / GRID) * GRID };
}
