import { describe, expect, it } from "vitest";

import type { DocumentState, SaveState } from "./editorDocument";
import { saveAll, type Savable } from "./saveAll";

/** A document that goes through these states, one a save. */
function document(path: string, ...states: SaveState[]): Savable & { saves: () => number } {
  let at = 0;
  const now = (): SaveState => states[Math.min(at, states.length - 1)] ?? { kind: "saved" };
  return {
    path,
    saves: () => at,
    document: {
      get state(): DocumentState {
        return { status: "ready", save: now(), draftRestored: false };
      },
      get unsaved() {
        return now().kind !== "saved";
      },
      save: () => {
        at += 1;
        return Promise.resolve();
      },
    },
  };
}

describe("before a run", () => {
  it("what is unsaved is saved, until it is", async () => {
    const typedOn = document("nodes/a.py", { kind: "edited" }, { kind: "edited" }, { kind: "saved" });
    const clean = document("nodes/b.py", { kind: "saved" });
    await saveAll([typedOn, clean]);
    expect(typedOn.saves()).toBe(2);
    expect(clean.saves()).toBe(0);
  });

  it("somebody who types without end is not waited for", async () => {
    await expect(saveAll([document("nodes/a.py", { kind: "edited" })])).resolves.toBeUndefined();
  });

  it("a conflict stops it, by the name of the file", async () => {
    const conflict = document("nodes/clean.py", { kind: "conflict", theirs: "", theirsEtag: "" });
    await expect(saveAll([document("nodes/a.py", { kind: "saved" }), conflict])).rejects.toThrow("nodes/clean.py");
  });
});
