import { describe, expect, it } from "vitest";
import { edge, graph, node } from "@/testing/builders";
import { boxOf, curveOf } from "./edgePath";
import { nodesNear } from "./nodesNear";

const AREA = { x: 0, y: 0, width: 1000, height: 800 };
const at = (x: number, y: number) => ({ position: { x, y } });
const flow = graph(
  [
    node("seen", at(400, 300)),
    node("beside", at(-150, 300)),
    node("left", at(-3000, 400)),
    node("right", at(4000, 400)),
    node("above", at(-3000, -2000)),
    node("far", at(4000, -2000)),
    node("alone", at(0, 5000)),
  ],
  [edge("left", "right"), edge("above", "far")],
);
const ids = (kept: readonly string[] = []) => nodesNear(flow, AREA, (id) => kept.includes(id)).map(({ id }) => id);

describe("the nodes near the viewport", () => {
  it("are those in it or at its edge, and both ends of a wire that passes through it", () => {
    expect(ids()).toEqual(["seen", "beside", "left", "right"]);
  });

  it("are also those that are kept, such as selected ones", () => {
    expect(ids(["alone"])).toEqual(["seen", "beside", "left", "right", "alone"]);
  });
});

describe("the box of a curve", () => {
  it.each<[string, number]>([
    ["forwards", 600],
    ["backwards", -600],
    ["straight down", 0],
  ])("holds its ends and its control points: %s", (_, x) => {
    const pair = graph([node("a", at(0, 0)), node("b", at(x, 700))], [edge("a", "b")]);
    const [wire] = pair.edges.values();
    const curve = wire === undefined ? null : curveOf(pair, wire);
    if (curve === null) throw new Error("There is no curve.");
    const { from, to, reach } = curve;
    const box = boxOf(curve);
    for (const point of [from, to, { x: from.x + reach, y: from.y }, { x: to.x - reach, y: to.y }]) {
      expect(point.x).toBeGreaterThanOrEqual(box.x);
      expect(point.x).toBeLessThanOrEqual(box.x + box.width);
      expect(point.y).toBeGreaterThanOrEqual(box.y);
      expect(point.y).toBeLessThanOrEqual(box.y + box.height);
    }
  });
});
