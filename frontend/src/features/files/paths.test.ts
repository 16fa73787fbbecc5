import { describe, expect, it } from "vitest";

import { foldersToRead, isWithin, movesInto, nameFault } from "./paths";

describe("paths", () => {
  it("says what is wrong with a name", () => {
    expect(nameFault("data.csv", ["other.csv"])).toBeUndefined();
    expect(nameFault(" ")).toBe("empty");
    expect(nameFault("..")).toBe("dots");
    expect(nameFault("a/b")).toBe("slash");
    expect(nameFault("a\u0000b")).toBe("control");
    expect(nameFault("x".repeat(201))).toBe("long");
    expect(nameFault("data.csv", ["data.csv"])).toBe("taken");
  });

  it("knows what lies in a folder, and not what only begins like it", () => {
    expect(isWithin("a/b/c", "a/b")).toBe(true);
    expect(isWithin("a/bc", "a/b")).toBe(false);
    expect(isWithin("anything", "")).toBe(true);
  });

  it("moves each thing once, and nothing into itself or where it is", () => {
    expect(movesInto("b", ["a/x", "a/x/deep", "b/there", "c"])).toEqual([
      { source: "a/x", target: "b/x" },
      { source: "c", target: "b/c" },
    ]);
    expect(movesInto("a/in", ["a"])).toEqual([]);
    expect(movesInto("", ["a/x", "top"])).toEqual([{ source: "a/x", target: "x" }]);
  });

  it("reads again only the folders that are shown", () => {
    const read = new Set(["", "nodes"]);
    expect(foldersToRead(["nodes/a.py", "nodes/b.py", "new/deep/file", "top.txt"], read)).toEqual(["nodes", ""]);
    expect(foldersToRead(["x/y"], new Set())).toEqual([]);
  });
});
