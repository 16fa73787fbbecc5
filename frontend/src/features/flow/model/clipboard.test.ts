import { describe, expect, it } from "vitest";
import { applyEdit } from "@/shared/project/document";
import { edge, graph, node } from "@/testing/builders";
import { clipFromText, clipOf, clipToText, paste } from "./clipboard";

const flow = graph([node("a", { title: "Load" }), node("b"), node("c")], [edge("a", "b"), edge("b", "c")]);

describe("copy and paste", () => {
  const text = clipToText(clipOf(flow, new Set(["a", "b"]), new Map([["a", "def main(): return 1"]])));

  it("is text that another project can read", () => {
    const clip = clipFromText(text);
    if (clip === null) throw new Error("not read");
    const { edit, ids } = paste(graph([]), clip, { x: 0, y: 0 });
    const pasted = applyEdit(graph([]), edit);
    expect(pasted.nodes.size).toBe(2);
    expect(pasted.edges.size).toBe(1);
    expect(edit.code.get(ids[0] ?? "")).toBe("def main(): return 1");
  });

  it("gives copies ids and titles of their own, and joins them among themselves", () => {
    const clip = clipFromText(text);
    if (clip === null) throw new Error("not read");
    const { edit, ids } = paste(flow, clip);
    const after = applyEdit(flow, edit);
    expect(after.nodes.size).toBe(5);
    expect(after.nodes.get(ids[0] ?? "")?.title).toBe("Load 2");
    expect([...after.edges.values()].filter((item) => ids.includes(item.source) && ids.includes(item.target))).toHaveLength(1);
  });

  it.each(["", "hello", "{}", '{"format":"aimforge-flow-1"}', '{"format":"aimforge-flow-1","nodes":[{"id":3}],"edges":[]}'])(
    "does not take other text: %s",
    (other) => expect(clipFromText(other)).toBeNull(),
  );
});
