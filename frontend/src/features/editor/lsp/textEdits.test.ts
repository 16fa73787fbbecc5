import { describe, expect, it } from "vitest";

import { applyEdits, inOrderOfApplication, lineStarts, offsetAt } from "./textEdits";

const range = (sl: number, sc: number, el: number, ec: number) => ({
  start: { line: sl, character: sc },
  end: { line: el, character: ec },
});

describe("text edits", () => {
  it("knows all three ends of a line", () => {
    expect(lineStarts("a\nb\r\nc\rd")).toEqual([0, 2, 5, 7]);
  });

  it("counts UTF-16 units: an emoji is two", () => {
    expect(offsetAt("😀x\n가y", { line: 0, character: 2 })).toBe(2);
    expect(offsetAt("😀x\n가y", { line: 1, character: 1 })).toBe(5);
  });

  it("keeps positions past the end inside their line", () => {
    expect(offsetAt("ab\r\ncd", { line: 0, character: 99 })).toBe(2);
    expect(offsetAt("ab\r\ncd", { line: 9, character: 0 })).toBe(6);
  });

  it("applies edits that refer to the text before all of them", () => {
    const edits = [
      { range: range(1, 0, 1, 3), newText: "price" },
      { range: range(0, 4, 0, 7), newText: "price" },
      { range: range(0, 0, 0, 0), newText: "# first\n" },
    ];
    expect(applyEdits("def old():\nold()\n", edits)).toBe("# first\ndef price():\nprice()\n");
  });

  it("keeps the order of insertions at one place", () => {
    const edits = ["a", "b", "c"].map((newText) => ({ range: range(0, 1, 0, 1), newText }));
    expect(applyEdits("<>", edits)).toBe("<abc>");
  });

  it("refuses edits that overlap", () => {
    const edits = [
      { range: range(0, 0, 0, 4), newText: "x" },
      { range: range(0, 2, 0, 6), newText: "y" },
    ];
    expect(() => applyEdits("abcdefgh", edits)).toThrow(RangeError);
  });

  it("orders the changes of one event so that applying them one by one gives the same text", () => {
    const before = "one two three\nfour\n";
    const changes = [
      { range: range(0, 0, 0, 3), text: "1" },
      { range: range(1, 0, 1, 4), text: "4" },
      { range: range(0, 8, 0, 13), text: "3" },
    ];
    const together = applyEdits(before, changes.map((change) => ({ range: change.range, newText: change.text })));
    let stepwise = before;
    for (const change of inOrderOfApplication(changes)) {
      stepwise = applyEdits(stepwise, [{ range: change.range, newText: change.text }]);
    }
    expect(stepwise).toBe(together);
  });
});
