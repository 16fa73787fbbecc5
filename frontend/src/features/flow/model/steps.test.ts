import { describe, expect, it } from "vitest";
import { applyEdit, inverse, type Graph } from "@/shared/project/document";
import { edge, graph, node } from "@/testing/builders";
import { edgeAt } from "./edgePath";
import { sizeOf, sourcePoint, targetPoint } from "./geometry";
import { align, change, groupNodes, insertOnEdge, moveBy, moveTo, regrouped, remove, removeAndReconnect } from "./steps";

function ends(flow: Graph): string[] {
  return [...flow.edges.values()].map(({ source, target }) => `${source}→${target}`).sort();
}

describe("removing", () => {
  const flow = graph([node("a"), node("b"), node("c")], [edge("a", "b"), edge("b", "c")]);

  it("takes the wires too, and undo brings all back", () => {
    const step = remove(flow, ["b"]);
    const after = applyEdit(flow, step);
    expect(ends(after)).toEqual([]);
    expect(ends(applyEdit(after, inverse(step)))).toEqual(["a→b", "b→c"]);
  });

  it("can join the neighbours through the gap", () => {
    expect(ends(applyEdit(flow, removeAndReconnect(flow, "b")))).toEqual(["a→c"]);
  });

  it("of a group leaves its nodes", () => {
    const grouped = graph([node("g", { kind: "group" }), node("a", { group: "g" })]);
    expect(applyEdit(grouped, remove(grouped, ["g"])).nodes.get("a")?.group).toBe("");
  });
});

describe("inserting on a wire", () => {
  const flow = graph([node("a"), node("c", { position: { x: 600, y: 0 } })], [edge("a", "c")]);

  it("puts the node between both ends", () => {
    const step = insertOnEdge(flow, edge("a", "c"), node("b"));
    if (step === null) throw new Error("refused");
    expect(ends(applyEdit(flow, step))).toEqual(["a→b", "b→c"]);
  });

  it("is not for notes", () => expect(insertOnEdge(flow, edge("a", "c"), node("n", { kind: "note" }))).toBeNull());

  it("finds the wire under a point, and none far from it", () => {
    const from = sourcePoint(node("a"), "output");
    const to = targetPoint(node("c", { position: { x: 600, y: 0 } }), "input_data");
    expect(edgeAt(flow, { x: (from.x + to.x) / 2, y: from.y + 5 }, 20)?.id).toBe("a-c");
    expect(edgeAt(flow, { x: (from.x + to.x) / 2, y: from.y + 300 }, 20)).toBeUndefined();
  });
});

describe("moving", () => {
  const flow = graph([
    node("g", { kind: "group", size: { width: 500, height: 400 } }),
    node("in", { group: "g", position: { x: 40, y: 60 } }),
    node("out", { position: { x: 900, y: 0 } }),
  ]);

  it("a group moves what is in it", () => {
    const after = applyEdit(flow, moveBy(flow, ["g"], 10, 20));
    expect(after.nodes.get("in")?.position).toEqual({ x: 50, y: 80 });
    expect(after.nodes.get("out")?.position).toEqual({ x: 900, y: 0 });
  });

  it("a node that is dropped in a group belongs to it, and no longer once it is pulled out", () => {
    const dropped = regrouped(flow, moveTo(flow, new Map([["out", { x: 60, y: 80 }]])));
    expect(dropped.nodes.get("out")?.after?.group).toBe("g");
    const pulled = regrouped(flow, moveTo(flow, new Map([["in", { x: 2000, y: 0 }]])));
    expect(pulled.nodes.get("in")?.after?.group).toBe("");
  });

  it("to the same place is no step", () => expect(moveTo(flow, new Map([["out", { x: 900, y: 0 }]])).nodes.size).toBe(0));
});

it("a new group frames its nodes", () => {
  const flow = graph([node("a", { position: { x: 100, y: 100 } }), node("b", { position: { x: 500, y: 300 } })]);
  const step = groupNodes(flow, ["a", "b"], "Group");
  if (step === null) throw new Error("refused");
  const group = [...step.nodes.values()].find(({ before }) => before === null)?.after;
  expect(group?.position.x).toBeLessThan(100);
  expect((group?.position.x ?? 0) + (group?.size?.width ?? 0)).toBeGreaterThan(500 + sizeOf(node("b")).width);
  expect(step.nodes.get("a")?.after?.group).toBe(group?.id);
});

it("aligns to the leftmost and spaces evenly", () => {
  const flow = graph([0, 37, 700].map((x, index) => node(`n${String(index)}`, { position: { x, y: index * 300 } })));
  const left = applyEdit(flow, align(flow, flow.nodes.keys(), "left"));
  expect([...left.nodes.values()].map((item) => item.position.x)).toEqual([0, 0, 0]);
  const column = applyEdit(flow, align(flow, flow.nodes.keys(), "column"));
  const [first = 0, second = 0, third = 0] = [...column.nodes.values()].map((item) => item.position.y);
  expect(second - first).toBeCloseTo(third - second);
});

it("merges typing in one field into one step by its key", () => {
  expect(change(node("a"), { title: "T" }, "title a").mergeKey).toBe("title a");
});
