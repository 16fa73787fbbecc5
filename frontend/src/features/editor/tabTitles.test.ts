import { describe, expect, it } from "vitest";

import { tabTitles } from "./tabTitles";

const file = (path: string) => ({ key: `file:${path}`, target: { kind: "file" as const, path } });

describe("tabTitles", () => {
  it("names files by their last part, and tells equal names apart by their folder", () => {
    const titles = tabTitles([file("a/data.csv"), file("b/data.csv"), file("notes.md")], new Map());
    expect(titles.get("file:a/data.csv")).toEqual({ title: "data.csv", folder: "a", path: "a/data.csv" });
    expect(titles.get("file:b/data.csv")?.folder).toBe("b");
    expect(titles.get("file:notes.md")?.folder).toBe("");
  });

  it("survives a node that is gone", () => {
    const titles = tabTitles([{ key: "node:x", target: { kind: "node", nodeId: "x" } }], new Map());
    expect(titles.get("node:x")).toEqual({ title: "", folder: "", path: "" });
  });
});
