import { describe, expect, it } from "vitest";

import { Drafts, type KeyValues } from "./drafts";

/** Storage with room for so many characters. */
class SmallStorage implements KeyValues {
  readonly entries = new Map<string, string>();
  readonly #room: number;

  constructor(room = Number.POSITIVE_INFINITY) {
    this.#room = room;
  }

  get length(): number {
    return this.entries.size;
  }

  key(index: number): string | null {
    return [...this.entries.keys()][index] ?? null;
  }

  getItem(key: string): string | null {
    return this.entries.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    const used = [...this.entries].reduce((sum, [other, text]) => sum + (other === key ? 0 : text.length), 0);
    if (used + value.length > this.#room) throw new DOMException("full", "QuotaExceededError");
    this.entries.set(key, value);
  }

  removeItem(key: string): void {
    this.entries.delete(key);
  }
}

const WEEK = 7 * 24 * 3600 * 1000;

describe("Drafts", () => {
  it("keeps the text with the ETag it was made from, per project and file", () => {
    const storage = new SmallStorage();
    new Drafts(storage, "p1", () => 5).write("node:a", '"1"', "text");
    expect(new Drafts(storage, "p1").read("node:a")).toEqual({ etag: '"1"', text: "text", at: 5 });
    expect(new Drafts(storage, "p2").read("node:a")).toBeUndefined();
    new Drafts(storage, "p1").forget("node:a");
    expect(storage.length).toBe(0);
  });

  it("takes what it cannot read for nothing", () => {
    const storage = new SmallStorage();
    for (const junk of ["", "{", "[]", '{"etag":1}']) {
      storage.setItem("aimforge.draft:p:k", junk);
      expect(new Drafts(storage, "p").read("k")).toBeUndefined();
    }
  });

  it("makes room by dropping what was left behind a week ago, and nothing younger", () => {
    const storage = new SmallStorage(200);
    new Drafts(storage, "p", () => 0).write("old", "", "x".repeat(80));
    const later = new Drafts(storage, "p", () => WEEK + 1);
    expect(later.write("new", "", "y".repeat(80))).toBe(true);
    expect(later.read("old")).toBeUndefined();
    expect(later.write("third", "", "z".repeat(120))).toBe(false);
    expect(later.read("new")?.text).toBe("y".repeat(80));
  });

  it("does without storage", () => {
    const drafts = new Drafts(undefined, "p");
    expect(drafts.write("a", "", "text")).toBe(false);
    expect(drafts.read("a")).toBeUndefined();
  });
});
