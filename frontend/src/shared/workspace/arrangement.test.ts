import { beforeEach, describe, expect, it } from "vitest";
import { arrangementNow, bringBack, parseArrangement, showPanels } from "./arrangement";
import { closeTab, focusEditor, openFile, openNode, resetWorkspace, showBottom, showLeft, toggleSplit, useWorkspace } from "./workspace";

/** Two tabs, one in each of two editors, and panels other than the first ones. */
function arrange(): void {
  openNode("n1");
  toggleSplit();
  openFile("data/notes.md");
  showBottom("runs");
  showLeft("files");
}

/** As it comes back from a browser's storage. */
function stored() {
  const found = parseArrangement(JSON.stringify(arrangementNow()));
  if (found === undefined) throw new Error("What was written cannot be read.");
  return found;
}

const shown = () => {
  const { tabs, activeTab, otherTab, focusedEditor, editorOpen, bottom, left, right } = useWorkspace.getState();
  return { tabs, activeTab, otherTab, focusedEditor, editorOpen, bottom, left, right };
};

beforeEach(resetWorkspace);

describe("what is open of a project", () => {
  it("is the same after a reload", () => {
    arrange();
    const [before, kept] = [shown(), stored()];
    resetWorkspace();
    showPanels(kept);
    bringBack(kept, () => true);
    expect(shown()).toEqual(before);
    expect(before).toMatchObject({ activeTab: "file:data/notes.md", otherTab: "node:n1", focusedEditor: 1, bottom: "runs", left: "files" });
  });

  it("comes back without what is gone, and without an empty second editor", () => {
    arrange();
    const kept = stored();
    resetWorkspace();
    showPanels(kept);
    bringBack(kept, ({ kind }) => kind === "file");
    expect(shown()).toMatchObject({ activeTab: "file:data/notes.md", otherTab: null, focusedEditor: 0, editorOpen: true });
    resetWorkspace();
    showPanels(kept);
    bringBack(kept, () => false);
    expect(shown()).toMatchObject({ tabs: [], activeTab: null, editorOpen: false, bottom: "runs" });
  });

  it("comes back before what was opened meanwhile, which keeps the focus", () => {
    openNode("n1");
    const kept = stored();
    resetWorkspace();
    openFile("new.txt");
    bringBack(kept, () => true);
    expect(useWorkspace.getState().tabs.map(({ key }) => key)).toEqual(["node:n1", "file:new.txt"]);
    expect(useWorkspace.getState().activeTab).toBe("file:new.txt");
  });

  it("has no more side panels than a narrower window has room for", () => {
    const kept = { ...stored(), left: "files" as const, right: true, width: window.innerWidth };
    showPanels(kept);
    expect(shown()).toMatchObject({ left: "files", right: true });
    showPanels({ ...kept, width: window.innerWidth + 1 });
    expect(shown()).toMatchObject({ left: "files", right: false });
  });
});

describe("what was kept", () => {
  it("is nothing where it is no arrangement", () => {
    for (const text of ["", "no JSON", "[]", "null", "3"]) expect(parseArrangement(text)).toBeUndefined();
  });

  it("loses what is not known, and tabs that are there twice", () => {
    const file = { key: "file:a", target: { kind: "file", path: "a" } };
    const body = { tabs: [file, file, { target: { kind: "page" } }, null], activeTab: "file:b", otherTab: 3, focusedEditor: 7, bottom: "cellar", left: 1 };
    const kept = parseArrangement(JSON.stringify(body));
    expect(kept).toMatchObject({ tabs: [file], activeTab: null, otherTab: null, focusedEditor: 0, bottom: null, left: null, right: false });
  });
});

it("the second editor goes with its tab, and the focus with it", () => {
  arrange();
  focusEditor(0);
  expect(shown()).toMatchObject({ activeTab: "node:n1", otherTab: "file:data/notes.md", focusedEditor: 0 });
  closeTab("file:data/notes.md");
  expect(shown()).toMatchObject({ activeTab: "node:n1", otherTab: null, focusedEditor: 0 });
});
