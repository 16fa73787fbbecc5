import { describe, expect, it } from "vitest";

import { minimalEdit } from "./minimalEdit";

const applied = (before: string, after: string) => {
  const { from, to, text } = minimalEdit(before, after);
  return before.slice(0, from) + text + before.slice(to);
};

describe("minimalEdit", () => {
  it("touches only what differs", () => {
    expect(minimalEdit("one two three", "one 2 three")).toEqual({ from: 4, to: 7, text: "2" });
    expect(minimalEdit("same", "same")).toEqual({ from: 4, to: 4, text: "" });
  });

  it("gives the other text whatever the two are", () => {
    const texts = ["", "a", "aa", "aaa", "ab\r\ncd\r\n", "ab\ncd\n", "😀x", "😁x", "x😀", "x😁", "\r\n", "a\r\nb", "가나", "가다"];
    for (const before of texts) for (const after of texts) expect(applied(before, after)).toBe(after);
  });

  it("never cuts a surrogate pair", () => {
    expect(minimalEdit("😀", "😁")).toEqual({ from: 0, to: 2, text: "😁" });
  });
});
