import { describe, expect, it } from "vitest";
import { edge, graph, node, port } from "@/testing/builders";
import { connectable, freeTitle, nearest, reached, refusal } from "./graph";

const single = { inputs: [port("table")], outputs: [port("output")], settings: [], merges: false, error: "" };

function wire(source: string, target: string, targetPort = "input_data") {
  return { source, sourcePort: "output", target, targetPort };
}

describe("refusal", () => {
  const chain = graph([node("a"), node("b"), node("c"), node("one", { ports: single })], [edge("a", "b"), edge("b", "c")]);

  it("lets two nodes be joined", () => expect(refusal(chain, wire("a", "c"))).toBeNull());
  it("refuses a circle, however long", () => expect(refusal(chain, wire("c", "a"))).toBe("cycle"));
  it("refuses a node to itself", () => expect(refusal(chain, wire("a", "a"))).toBe("self"));
  it("refuses the same wire twice", () => expect(refusal(chain, wire("a", "b"))).toBe("exists"));
  it("refuses a port that is not there", () => expect(refusal(chain, wire("a", "b", "gone"))).toBe("noPort"));

  it("takes one wire where the function names its input, several where it merges", () => {
    const taken = graph([...chain.nodes.values()], [edge("a", "one", { target_port: "" })]);
    expect(refusal(taken, wire("b", "one", "table"))).toBe("taken");
    expect(refusal(taken, wire("b", "one", "table"), "a-one")).toBeNull();
    expect(refusal(chain, wire("one", "b"))).toBeNull();
  });
});

describe("connectable", () => {
  it("lists free ports of nodes that do not feed this one", () => {
    const flow = graph([node("a"), node("b"), node("c"), node("note", { kind: "note" })], [edge("a", "b")]);
    expect(connectable(flow, "b").map((choice) => choice.target)).toEqual(["c"]);
    expect(connectable(flow, "a").map((choice) => choice.target)).toEqual(["c"]);
  });
});

it("finds what lies before and after", () => {
  const edges = [edge("a", "b"), edge("b", "c"), edge("x", "c")];
  expect(reached(edges, "c", "up")).toEqual(new Set(["a", "b", "x"]));
  expect(reached(edges, "a", "down")).toEqual(new Set(["b", "c"]));
});

it("gives each new node a title of its own", () => {
  const nodes = [node("1", { title: "Clean" }), node("2", { title: "clean 2" })];
  expect(freeTitle(nodes, "Clean")).toBe("Clean 3");
  expect(freeTitle(nodes, "Load")).toBe("Load");
});

it("goes to the nearest node in a direction", () => {
  const at = (id: string, x: number, y: number) => node(id, { position: { x, y } });
  const from = at("from", 0, 0);
  const all = [from, at("right", 300, 10), at("far", 900, 0), at("below", 10, 200)];
  expect(nearest(all, from, "right")?.id).toBe("right");
  expect(nearest(all, from, "down")?.id).toBe("below");
  expect(nearest(all, from, "left")).toBeUndefined();
});
