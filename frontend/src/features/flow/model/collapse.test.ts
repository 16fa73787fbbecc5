import { describe, expect, it } from "vitest";
import { applyEdit, inverse, type Graph } from "@/shared/project/document";
import { edge, graph, node } from "@/testing/builders";
import { groupsOf, setCollapsed, shownOf } from "./collapse";
import { curveOf } from "./edgePath";
import { isCollapsed, sizeOf } from "./geometry";
import { moveTo, regrouped, withMembersPlaced } from "./steps";

const open = graph(
  [
    node("in", { position: { x: -400, y: 0 } }),
    node("g", { kind: "group", size: { width: 600, height: 300 } }),
    node("a", { group: "g", position: { x: 40, y: 60 } }),
    node("b", { group: "g", position: { x: 300, y: 60 } }),
    node("out", { position: { x: 900, y: 0 } }),
  ],
  [edge("in", "a"), edge("in", "b"), edge("a", "b"), edge("b", "out")],
);
const collapsed = applyEdit(open, setCollapsed(open, ["g"], true));

function ends({ edges }: Graph): string[] {
  return [...edges.values()].map(({ source, target }) => `${source}→${target}`);
}

describe("a collapsed group", () => {
  const { graph: shown, hiddenBy, members } = shownOf(collapsed);

  it("stands for its nodes, and takes the wires that leave it", () => {
    expect([...shown.nodes.keys()]).toEqual(["in", "g", "out"]);
    expect(ends(shown)).toEqual(["in→g", "g→out"]);
    expect(hiddenBy.get("a")).toBe("g");
    expect(members.get("g")).toEqual(["a", "b"]);
  });

  it("has a place for each wire that is drawn", () => {
    const curves = [...shown.edges.values()].map((item) => curveOf(shown, item));
    expect(curves.every((curve) => curve !== null)).toBe(true);
  });

  it("is small, and has its old size when it is opened", () => {
    const group = collapsed.nodes.get("g");
    expect(group !== undefined && sizeOf(group).width).toBeLessThan(600);
    const again = applyEdit(collapsed, setCollapsed(collapsed, ["g"], false));
    expect(again.nodes.get("g")).toEqual(open.nodes.get("g"));
    expect(shownOf(again).graph.nodes.size).toBe(5);
  });

  it("is opened by undo", () => {
    const undone = applyEdit(collapsed, inverse(setCollapsed(open, ["g"], true)));
    expect(shownOf(undone).graph.nodes.size).toBe(5);
  });

  it("takes its nodes along, and takes no node in", () => {
    const placed = withMembersPlaced(collapsed, new Map([["g", { x: 10, y: 20 }]]));
    expect(placed.get("b")).toEqual({ x: 310, y: 80 });
    const onto = regrouped(collapsed, moveTo(collapsed, new Map([["out", { x: 0, y: 0 }]])));
    expect(applyEdit(collapsed, onto).nodes.get("out")?.group).toBe("");
  });

  it("hides what lies in groups that lie in it", () => {
    const nested = graph([node("g", { kind: "group", settings: { collapsed: true } }), node("h", { kind: "group", group: "g" }), node("a", { group: "h" })]);
    expect([...shownOf(nested).graph.nodes.keys()]).toEqual(["g"]);
  });

  it("that lies in itself ends nothing", () => {
    const circle = graph([node("g", { kind: "group", group: "h", settings: { collapsed: true } }), node("h", { kind: "group", group: "g" }), node("a", { group: "g" })]);
    expect(shownOf(circle).graph.nodes.has("g")).toBe(true);
  });
});

describe("what is drawn", () => {
  it("is the flow itself while no group is collapsed, and the same object while the flow is the same", () => {
    expect(shownOf(open).graph.nodes).toBe(open.nodes);
    expect(shownOf(collapsed)).toBe(shownOf(collapsed));
  });

  it("groups are found from the nodes in them", () => {
    expect(groupsOf(open, ["a", "b", "out"]).map((group) => group.id)).toEqual(["g"]);
    expect(groupsOf(open, ["out"])).toEqual([]);
    expect(isCollapsed(collapsed.nodes.get("g") ?? node("x"))).toBe(true);
  });
});
