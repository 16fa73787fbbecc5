import { describe, expect, it } from "vitest";
import { freePlace, GAP } from "./freePlace";
import { contains, GRID, overlaps, type Rect } from "./geometry";

const SEEN: Rect = { x: -400, y: -300, width: 800, height: 600 };
const CODE = { width: 224, height: 126 };
const SIZES = [CODE, { width: 224, height: 82 }, { width: 300, height: 220 }, { width: 240, height: 140 }, { width: 420, height: 280 }];

/** Numbers from 0 to 1 that are the same in each run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function middle(size: { width: number; height: number }, seen: Rect) {
  return { x: seen.x + (seen.width - size.width) / 2, y: seen.y + (seen.height - size.height) / 2 };
}

function apart(a: Rect, b: Rect): boolean {
  return !overlaps({ x: a.x - GAP, y: a.y - GAP, width: a.width + 2 * GAP, height: a.height + 2 * GAP }, b);
}

describe("a free place", () => {
  it("is the one that is wanted, on the grid, when nothing lies there", () => {
    expect(freePlace([], CODE, { x: 3, y: -5 }, SEEN)).toEqual({ x: 0, y: -8 });
  });

  it("is at the right of what lies there, then below", () => {
    const seen = { x: -500, y: -300, width: 1000, height: 600 };
    const first = { ...freePlace([], CODE, middle(CODE, seen), seen), ...CODE };
    const second = { ...freePlace([first], CODE, middle(CODE, seen), seen), ...CODE };
    expect(second).toMatchObject({ x: first.x + first.width + GAP, y: first.y });
    expect(freePlace([first, second], CODE, middle(CODE, seen), seen)).toMatchObject({ x: first.x });
  });

  it("is in what is seen while there is room, wherever it is wanted", () => {
    const corner = { x: SEEN.x + SEEN.width - 10, y: SEEN.y + SEEN.height - 10 };
    expect(contains(SEEN, { ...freePlace([], CODE, corner, SEEN), ...CODE })).toBe(true);
  });

  it("is beside what is seen where that is full, also by one large frame", () => {
    const wall = { x: -600, y: -500, width: 1200, height: 1000 };
    const found = { ...freePlace([wall], CODE, middle(CODE, SEEN), SEEN), ...CODE };
    expect(apart(wall, found)).toBe(true);
    const plain = { x: -100_000, y: -100_000, width: 200_000, height: 200_000 };
    expect(apart(plain, { ...freePlace([plain], CODE, middle(CODE, SEEN), SEEN), ...CODE })).toBe(true);
  });

  it("is there in a canvas without any height", () => {
    const flat = { x: 0, y: 0, width: 300, height: 0 };
    const first = { ...freePlace([], CODE, { x: 0, y: 0 }, flat), ...CODE };
    expect(apart(first, { ...freePlace([first], CODE, { x: 0, y: 0 }, flat), ...CODE })).toBe(true);
  });

  it.each([1, 2, 3, 4])("never lies on anything, however many are added: %i", (seed) => {
    const number = numbers(seed);
    const zoom = 0.1 + 1.9 * number();
    const seen = { x: 1000 * number(), y: -1000 * number(), width: 712 / zoom, height: 560 / zoom };
    const taken: Rect[] = Array.from({ length: 12 }, () => ({ x: 1500 * number(), y: 900 * number() - 900, ...CODE }));
    const found: Rect[] = [];
    for (let added = 0; added < 25; added += 1) {
      const size = SIZES[Math.floor(number() * SIZES.length)] ?? CODE;
      const place = freePlace([...taken, ...found], size, middle(size, seen), seen);
      expect(place.x % GRID === 0 && place.y % GRID === 0).toBe(true);
      const rect = { ...place, ...size };
      for (const other of [...taken, ...found]) expect(apart(other, rect)).toBe(true);
      found.push(rect);
    }
  });
});
