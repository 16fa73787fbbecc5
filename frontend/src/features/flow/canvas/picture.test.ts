import { expect, test } from "vitest";
import type { Scene } from "./paint";
import { MARGIN, shiftOf, type Picture } from "./picture";

const scene: Scene = {
  graph: { nodes: new Map(), edges: new Map() },
  members: new Map(),
  runs: new Map(),
  selected: new Set(),
  dragged: new Map(),
};
const picture: Picture = { scene, at: { x: 10, y: 20, zoom: 0.2 }, width: 800, height: 600 };

test("a pan moves the picture", () => {
  expect(shiftOf(picture, { ...picture, at: { x: 40, y: -5, zoom: 0.2 } })).toEqual({ x: 30, y: -25 });
  expect(shiftOf(picture, picture)).toEqual({ x: 0, y: 0 });
});

test("a pan beyond what was painted paints anew", () => {
  const panned = (by: number) => shiftOf(picture, { ...picture, at: { x: 10, y: 20 - by, zoom: 0.2 } });
  expect(panned(MARGIN)).toEqual({ x: 0, y: -MARGIN });
  expect(panned(MARGIN + 1)).toBeNull();
});

test.each<[string, Picture | null]>([
  ["nothing was painted before", null],
  ["the zoom changed", { ...picture, at: { ...picture.at, zoom: 0.21 } }],
  ["the window changed", { ...picture, width: 801 }],
  ["the graph changed", { ...picture, scene: { ...scene, graph: { nodes: new Map(), edges: new Map() } } }],
  ["a group was folded", { ...picture, scene: { ...scene, members: new Map() } }],
  ["a run went on", { ...picture, scene: { ...scene, runs: new Map() } }],
  ["something was selected", { ...picture, scene: { ...scene, selected: new Set() } }],
  ["something was dragged", { ...picture, scene: { ...scene, dragged: new Map() } }],
])("paints anew when %s", (_, painted) => {
  expect(shiftOf(painted, picture)).toBeNull();
});
