import { beforeEach, describe, expect, it, vi } from "vitest";

import { ApiError } from "@/shared/api/request";

import { Drafts, type KeyValues } from "./drafts";
import { EditorDocument, type DocumentState } from "./editorDocument";
import type { Loaded, Source } from "./source";

/** A file on a server that others write to as well. */
class FakeFile implements Source {
  text: string;
  version = 1;
  saves: string[] = [];
  failing: ApiError | undefined;
  loaded: Loaded | undefined;
  gone = false;
  readonly downloadUrl = "/download";
  readonly recreatable: boolean;

  constructor(text: string, recreatable = true) {
    this.text = text;
    this.recreatable = recreatable;
  }

  get etag(): string {
    return `"${String(this.version)}"`;
  }

  writtenByOthers(text: string): void {
    this.text = text;
    this.version += 1;
  }

  load(etag?: string): Promise<Loaded> {
    if (this.gone) return Promise.reject(new ApiError(404, "not_found", "gone"));
    if (this.loaded !== undefined) return Promise.resolve(this.loaded);
    return Promise.resolve(etag === this.etag ? { kind: "unchanged" } : { kind: "text", text: this.text, etag: this.etag });
  }

  save(text: string, etag: string | undefined): Promise<string> {
    if (this.failing !== undefined) return Promise.reject(this.failing);
    if (this.gone ? etag !== undefined : etag !== this.etag) {
      return Promise.reject(this.gone ? new ApiError(404, "not_found", "gone") : new ApiError(412, "stale", "changed"));
    }
    this.gone = false;
    this.saves.push(text);
    this.writtenByOthers(text);
    return Promise.resolve(this.etag);
  }
}

class Memory implements KeyValues {
  readonly entries = new Map<string, string>();
  get length(): number {
    return this.entries.size;
  }
  key = (index: number) => [...this.entries.keys()][index] ?? null;
  getItem = (key: string) => this.entries.get(key) ?? null;
  setItem = (key: string, value: string) => void this.entries.set(key, value);
  removeItem = (key: string) => void this.entries.delete(key);
}

async function opened(file: FakeFile, storage: KeyValues = new Memory()) {
  const states: DocumentState[] = [];
  const buffer = { text: "", getText: () => buffer.text, setText: (text: string) => void (buffer.text = text) };
  const document = new EditorDocument({
    key: "file:a.py",
    source: file,
    drafts: new Drafts(storage, "p"),
    createBuffer: (text) => {
      buffer.text = text;
      return buffer;
    },
    onState: (state) => states.push(state),
    onSaved: () => undefined,
  });
  await document.load();
  const type = (text: string) => {
    buffer.text = text;
    document.edited();
  };
  const kind = () => (document.state.status === "ready" ? document.state.save.kind : document.state.status);
  return { document, buffer, states, type, kind };
}

describe("EditorDocument", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    return () => vi.useRealTimers();
  });

  it("saves by itself when the typing pauses, once for many edits", async () => {
    const file = new FakeFile("a");
    const { type, kind } = await opened(file);
    type("ab");
    await vi.advanceTimersByTimeAsync(500);
    type("abc");
    expect(kind()).toBe("edited");
    await vi.advanceTimersByTimeAsync(1000);
    expect(file.saves).toEqual(["abc"]);
    expect(kind()).toBe("saved");
  });

  it("stays unsaved when the text went on during a save, and saves the rest", async () => {
    const file = new FakeFile("a");
    const { document, type, kind } = await opened(file);
    type("first");
    const saving = document.save();
    type("second");
    await saving;
    expect(kind()).toBe("edited");
    await vi.advanceTimersByTimeAsync(1000);
    expect(file.saves).toEqual(["first", "second"]);
    expect(kind()).toBe("saved");
  });

  it("takes a change of someone else in when nothing is unsaved", async () => {
    const file = new FakeFile("a");
    const { document, buffer, kind } = await opened(file);
    file.writtenByOthers("b");
    await document.changedElsewhere();
    expect(buffer.text).toBe("b");
    expect(kind()).toBe("saved");
  });

  it("does not take its own save for a change of someone else", async () => {
    const file = new FakeFile("a");
    const { document, states, type } = await opened(file);
    type("b");
    await document.save();
    const before = states.length;
    await document.changedElsewhere();
    expect(states).toHaveLength(before);
  });

  it("never overwrites: a stale save becomes a conflict that shows both texts", async () => {
    const file = new FakeFile("base");
    const { document, buffer, type } = await opened(file);
    type("mine");
    file.writtenByOthers("theirs");
    await document.save();
    expect(document.state).toMatchObject({ save: { kind: "conflict", theirs: "theirs" } });
    expect(file.text).toBe("theirs");
    expect(buffer.text).toBe("mine");
    type("mine, merged");
    await vi.advanceTimersByTimeAsync(5000);
    expect(file.text).toBe("theirs");
    await document.resolve("mine");
    expect(file.text).toBe("mine, merged");
  });

  it("marks an edited document at once when the file changes, and can take the other text", async () => {
    const file = new FakeFile("base");
    const { document, buffer, type, kind } = await opened(file);
    type("mine");
    file.writtenByOthers("theirs");
    await document.changedElsewhere();
    expect(kind()).toBe("conflict");
    await document.resolve("theirs");
    expect(buffer.text).toBe("theirs");
    expect(kind()).toBe("saved");
    await vi.advanceTimersByTimeAsync(5000);
    expect(file.saves).toEqual([]);
  });

  it("sees no conflict where both wrote the same", async () => {
    const file = new FakeFile("base");
    const { document, type, kind } = await opened(file);
    type("same");
    file.writtenByOthers("same");
    await document.save();
    expect(kind()).toBe("saved");
  });

  it("keeps what is typed through a lost connection, and saves it when that is back", async () => {
    const file = new FakeFile("a");
    const { document, type, kind } = await opened(file);
    file.failing = new ApiError(0, "offline", "The server cannot be reached.");
    type("typed offline");
    await vi.advanceTimersByTimeAsync(1000);
    expect(document.state).toMatchObject({ save: { kind: "failed", retries: true } });
    file.failing = undefined;
    await vi.advanceTimersByTimeAsync(2000);
    expect(kind()).toBe("saved");
    expect(file.text).toBe("typed offline");
  });

  it("does not try again by itself what cannot work, until there is another edit", async () => {
    const file = new FakeFile("a");
    const { type, kind } = await opened(file);
    file.failing = new ApiError(507, "disk_full", "The disk is full. Delete files to go on.");
    type("b");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(kind()).toBe("failed");
    file.failing = undefined;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(kind()).toBe("failed");
    type("c");
    await vi.advanceTimersByTimeAsync(1000);
    expect(file.text).toBe("c");
  });

  it("restores a draft after a reload, and saves it where the file is still the same", async () => {
    const storage = new Memory();
    const file = new FakeFile("a");
    const first = await opened(file, storage);
    first.type("typed");
    await vi.advanceTimersByTimeAsync(300);
    const second = await opened(file, storage);
    expect(second.document.state).toMatchObject({ draftRestored: true, save: { kind: "edited" } });
    expect(second.buffer.text).toBe("typed");
    await vi.advanceTimersByTimeAsync(1000);
    expect(file.text).toBe("typed");
    expect(storage.length).toBe(0);
  });

  it("restores a draft as a conflict where the file has changed since", async () => {
    const storage = new Memory();
    const file = new FakeFile("a");
    const first = await opened(file, storage);
    first.type("typed");
    first.document.dispose();
    file.writtenByOthers("theirs");
    const second = await opened(file, storage);
    expect(second.document.state).toMatchObject({ save: { kind: "conflict", theirs: "theirs" }, draftRestored: true });
    expect(second.buffer.text).toBe("typed");
  });

  it("keeps the text of a deleted file, and writes it again only when asked", async () => {
    const file = new FakeFile("a");
    const { document, type, kind } = await opened(file);
    file.gone = true;
    await document.changedElsewhere();
    expect(kind()).toBe("gone");
    type("still here");
    await vi.advanceTimersByTimeAsync(5000);
    expect(file.gone).toBe(true);
    await document.save();
    expect(file.text).toBe("still here");
    expect(kind()).toBe("saved");
  });

  it("shows no editor for what is no text or too large, and says why a file did not load", async () => {
    const binary = new FakeFile("");
    binary.loaded = { kind: "binary", size: 7 };
    expect((await opened(binary)).document.state).toEqual({ status: "unsupported", reason: "binary", size: 7 });
    const missing = new FakeFile("");
    missing.gone = true;
    const { document, kind } = await opened(missing);
    expect(document.state).toEqual({ status: "failed", message: "gone" });
    missing.gone = false;
    await document.changedElsewhere();
    expect(kind()).toBe("saved");
  });
});
