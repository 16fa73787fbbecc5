import { describe, expect, it } from "vitest";
import { edge, graph, node } from "@/testing/builders";
import { applyEdit, inverse, merged, rebase, type Edit } from "./document";

function edit(given: Partial<Edit>): Edit {
  return { label: "", nodes: new Map(), edges: new Map(), code: new Map(), ...given };
}

const a = node("a");
const b = node("b");

describe("a step", () => {
  const removal = edit({
    nodes: new Map([["a", { before: a, after: null }]]),
    edges: new Map([["a-b", { before: edge("a", "b"), after: null }]]),
    code: new Map([["a", "def main(): ..."]]),
  });

  it("is undone by its inverse, deleted code included", () => {
    const start = graph([a, b], [edge("a", "b")]);
    const without = applyEdit(start, removal);
    expect([...without.nodes.keys()]).toEqual(["b"]);
    const back = inverse(removal);
    const again = applyEdit(without, back);
    expect(new Set(again.nodes.keys())).toEqual(new Set(["a", "b"]));
    expect([...again.edges.keys()]).toEqual(["a-b"]);
    expect(back.code.get("a")).toBe("def main(): ...");
  });

  it("changes only its own fields of a node that somebody else changed", () => {
    const moved = edit({ nodes: new Map([["a", { before: a, after: { ...a, position: { x: 8, y: 0 } } }]]) });
    const theirs = graph([{ ...a, title: "Theirs" }]);
    expect(applyEdit(theirs, moved).nodes.get("a")).toMatchObject({ title: "Theirs", position: { x: 8, y: 0 } });
  });

  it("leaves alone what is gone meanwhile", () => {
    const moved = edit({ nodes: new Map([["a", { before: a, after: { ...a, title: "New" } }]]) });
    expect(applyEdit(graph([b]), moved).nodes.has("a")).toBe(false);
  });

  it("takes edges away with their node, also those that came later", () => {
    const later = graph([a, b], [edge("a", "b"), edge("b", "a", { id: "later" })]);
    expect(applyEdit(later, removal).edges.size).toBe(0);
    expect([...rebase(later, removal).edges.keys()]).toContain("later");
  });

  it("that is done already sends nothing", () => {
    expect(rebase(graph([b]), removal).nodes.size).toBe(0);
  });

  it("joins with the next: from the first before to the last after", () => {
    const one = edit({ nodes: new Map([["a", { before: a, after: { ...a, title: "1" } }]]) });
    const two = edit({ nodes: new Map([["a", { before: { ...a, title: "1" }, after: { ...a, title: "2" } }]]) });
    const change = merged(one, two).nodes.get("a");
    expect([change?.before?.title, change?.after?.title]).toEqual(["a", "2"]);
  });

  it("that adds joins with one that changes into one that adds", () => {
    const add = edit({ nodes: new Map([["a", { before: null, after: a }]]) });
    const change = edit({ nodes: new Map([["a", { before: a, after: { ...a, title: "T" } }]]) });
    expect(merged(add, change).nodes.get("a")?.before).toBeNull();
  });
});
