import { describe, expect, it } from "vitest";

import { parseCodeAction, parseCompletionList, parseHover, parseLocations, parseMarkup, parseWorkspaceEdit } from "./protocol";
import { pathOf, uriOf } from "./workspaceUri";

const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 3 } };

describe("what servers send", () => {
  it("reads a completion list as an array and as an object", () => {
    expect(parseCompletionList([{ label: "a" }, { label: "" }, 7])).toMatchObject({ incomplete: false, items: [{ label: "a" }] });
    expect(parseCompletionList({ isIncomplete: true, items: [{ label: "a", insertTextFormat: 2 }] })).toMatchObject({
      incomplete: true,
      items: [{ snippet: true, insertText: "a" }],
    });
    expect(parseCompletionList(null).items).toEqual([]);
  });

  it("takes the text of an edit before that of the label", () => {
    const [item] = parseCompletionList([{ label: "b", insertText: "c", textEdit: { insert: range, newText: "d" } }]).items;
    expect(item).toMatchObject({ insertText: "d", edit: { range } });
  });

  it("reads markup in its four shapes", () => {
    expect(parseMarkup("plain")).toBe("plain");
    expect(parseMarkup({ language: "python", value: "x" })).toBe("```python\nx\n```");
    expect(parseMarkup([{ kind: "markdown", value: "**a**" }, "b"])).toBe("**a**\n\n---\n\nb");
    expect(parseMarkup({ kind: "plaintext", value: "*not bold*" })).toBe("\\*not bold\\*");
    expect(parseHover({ contents: { kind: "markdown", value: " " } })).toBeUndefined();
  });

  it("reads locations and location links, one or several", () => {
    const link = { targetUri: "file:///workspace/b.py", targetRange: range, targetSelectionRange: range };
    expect(parseLocations({ uri: "file:///workspace/a.py", range })).toHaveLength(1);
    expect(parseLocations([link, {}])).toEqual([{ uri: "file:///workspace/b.py", range }]);
    expect(parseLocations(null)).toEqual([]);
  });

  it("joins both forms of a workspace edit and names file operations", () => {
    const edit = { range, newText: "x" };
    const parsed = parseWorkspaceEdit({
      changes: { "file:///workspace/a.py": [edit] },
      documentChanges: [
        { textDocument: { uri: "file:///workspace/b.py", version: 3 }, edits: [edit] },
        { textDocument: { uri: "file:///workspace/b.py", version: 3 }, edits: [edit] },
        { kind: "delete", uri: "file:///workspace/c.py" },
      ],
    });
    expect(parsed?.documents).toEqual([
      { uri: "file:///workspace/a.py", version: null, edits: [edit] },
      { uri: "file:///workspace/b.py", version: 3, edits: [edit, edit] },
    ]);
    expect(parsed?.fileOperations).toEqual(["delete"]);
  });

  it("reads code actions and bare commands, and leaves disabled ones out", () => {
    expect(parseCodeAction({ title: "Sort", command: "ruff.sort", arguments: [1] })?.command).toEqual({
      command: "ruff.sort",
      arguments: [1],
    });
    expect(parseCodeAction({ title: "Fix", kind: "quickfix", edit: { changes: {} } })?.edit).toBeDefined();
    expect(parseCodeAction({ title: "No", disabled: { reason: "never" } })).toBeUndefined();
  });

  it("names files by URIs and back, and knows what lies outside", () => {
    for (const path of ["nodes/clean.py", "a b/ü#?.py", "가.py"]) expect(pathOf(uriOf(path))).toBe(path);
    expect(uriOf("a b.py")).toBe("file:///workspace/a%20b.py");
    for (const uri of ["file:///usr/lib/x.py", "file:///workspace/../etc/passwd", "file:///workspace/%", "file:///workspace/"]) {
      expect(pathOf(uri)).toBeUndefined();
    }
  });
});
