import { describe, expect, it } from "vitest";

import { pathsOf, refusal, type TextsNow } from "./proposedEdit";
import { parseWorkspaceEdit } from "./protocol";
import { overlap } from "./textEdits";

const A = "file:///workspace/a.py";
const B = "file:///workspace/b%20c.py";
const edit = (line: number, from: number, to: number) => ({ range: { start: { line, character: from }, end: { line, character: to } }, newText: "new" });

function now(versions: Readonly<Record<string, number>>, given: Partial<TextsNow> = {}): TextsNow {
  return { versions: new Map(Object.entries(versions)), isOpen: () => true, isUnsaved: () => false, ...given };
}

function proposed(value: unknown, asked: Readonly<Record<string, number>> = {}) {
  const found = parseWorkspaceEdit(value);
  if (found === undefined) throw new Error("This is no edit.");
  return { edit: found, asked: new Map(Object.entries(asked)) };
}

const numbered = (version: number | null, uri = A) => ({ textDocument: { uri, version }, edits: [edit(0, 0, 3)] });

describe("an edit of a server", () => {
  it("is applied while every text is the one that it was made for", () => {
    const both = proposed({ documentChanges: [numbered(4), numbered(null, B)] });
    expect(pathsOf(both.edit)).toEqual(["a.py", "b c.py"]);
    expect(refusal(both, now({ [A]: 4 }))).toBeUndefined();
    expect(refusal(proposed({ changes: { [A]: [edit(0, 0, 3)] } }, { [A]: 2 }), now({ [A]: 2 }))).toBeUndefined();
  });

  it("is refused as a whole, by name, when one of them has changed, was opened or closed", () => {
    const both = proposed({ documentChanges: [numbered(4), numbered(null, B)] });
    const changed = /^b c\.py has changed since/;
    expect(refusal(both, now({ [A]: 5 }))).toMatch(/^a\.py has changed since the language server was asked, so nothing was changed\./);
    expect(refusal(both, now({}))).toMatch(/^a\.py has changed/);
    expect(refusal(both, now({ [A]: 4, [B]: 1 }))).toMatch(changed);
    expect(refusal(both, now({ [A]: 4 }, { isUnsaved: (path) => path === "b c.py" }))).toMatch(changed);
  });

  it("without versions is held to those at which the server was asked", () => {
    const plain = proposed({ changes: { [A]: [edit(0, 0, 3)] } }, { [A]: 2 });
    expect(refusal(plain, now({ [A]: 3 }))).toMatch(/^a\.py has changed/);
  });

  it("is found under the address that the server writes in its own way", () => {
    const odd = proposed({ documentChanges: [numbered(3, "file:///workspace/a%28b%29.py")] });
    expect(refusal(odd, now({ "file:///workspace/a(b).py": 3 }))).toBeUndefined();
    expect(refusal(odd, now({ "file:///workspace/a(b).py": 4 }))).toMatch(/^a\(b\)\.py has changed/);
  });

  it("is refused when it cannot be applied to all of its files", () => {
    expect(refusal(proposed({ documentChanges: [numbered(4), { kind: "delete", uri: B }] }), now({ [A]: 4 }))).toMatch(/file tree/);
    expect(refusal(proposed({ changes: { "file:///usr/lib/python3/os.py": [] } }), now({}))).toMatch(/^os\.py lies outside/);
    expect(refusal(proposed({ changes: { [B]: [] } }), now({}, { isOpen: () => false }))).toMatch(/^b c\.py cannot be opened/);
    expect(refusal(proposed({ changes: { [A]: [edit(0, 0, 3), edit(0, 2, 5)] } }), now({}))).toMatch(/^The language server’s edits of a\.py overlap/);
  });
});

it("edits that touch do not overlap, nor do insertions at one place", () => {
  expect(overlap([edit(1, 3, 5), edit(0, 0, 3), edit(1, 0, 3), edit(1, 3, 3), edit(1, 3, 3)])).toBe(false);
  expect(overlap([edit(1, 0, 4), edit(1, 3, 3)])).toBe(true);
  expect(overlap([edit(1, 4, 0)])).toBe(true);
});
