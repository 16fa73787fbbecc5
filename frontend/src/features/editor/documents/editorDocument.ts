/**
 * One document: loading, editing, saving by itself, and what happens when somebody else changes it. It knows no editor:
 * the text lives in a buffer (a Monaco model) that the owner gives it once there is text.
 *
 *     loading ──▶ ready: saved ◀──▶ edited ──▶ saving ──▶ saved
 *        │                            ▲  ▲        ├────▶ failed (kept as a draft; tried again when that may help)
 *        ├──▶ failed                  │  └────────┤
 *        └──▶ unsupported             └─ chosen ── conflict (changed elsewhere; never overwritten without a choice)
 */

import { messageOf } from "@/shared/api/request";

import type { Drafts } from "./drafts";
import { isGone, isPassing, isStale, type Source } from "./source";

export type SaveState =
  | { readonly kind: "saved" }
  | { readonly kind: "edited" }
  | { readonly kind: "saving" }
  | { readonly kind: "failed"; readonly message: string; readonly retries: boolean }
  | { readonly kind: "conflict"; readonly theirs: string; readonly theirsEtag: string }
  /** Deleted elsewhere; the text is kept here. */
  | { readonly kind: "gone" };

export type DocumentState =
  | { readonly status: "loading" }
  | { readonly status: "failed"; readonly message: string }
  | { readonly status: "unsupported"; readonly reason: "binary" | "too_large"; readonly size: number }
  | { readonly status: "ready"; readonly save: SaveState; readonly draftRestored: boolean };

export interface TextBuffer {
  getText(): string;
  /** Replaces the text in a way that can be undone. Must not call `edited`. */
  setText(text: string): void;
}

export interface DocumentOptions {
  readonly key: string;
  readonly source: Source;
  readonly drafts: Drafts;
  /** Called once, when the text is there for the first time. */
  readonly createBuffer: (text: string) => TextBuffer;
  readonly onState: (state: DocumentState) => void;
  readonly onSaved: () => void;
}

const AUTOSAVE_MS = 1_000;
const DRAFT_MS = 300;
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 30_000;

export class EditorDocument {
  readonly key: string;
  readonly #options: DocumentOptions;
  #state: DocumentState = { status: "loading" };
  #buffer: TextBuffer | undefined;
  #etag: string | undefined;
  /** Counts edits, so that a save knows whether the text went on meanwhile. */
  #edits = 0;
  #loading: Promise<void> | undefined;
  #saving: Promise<void> | undefined;
  #autosave: ReturnType<typeof setTimeout> | undefined;
  #draft: ReturnType<typeof setTimeout> | undefined;
  #retryMs = FIRST_RETRY_MS;
  #disposed = false;

  constructor(options: DocumentOptions) {
    this.key = options.key;
    this.#options = options;
  }

  get state(): DocumentState {
    return this.#state;
  }

  get unsaved(): boolean {
    return this.#state.status === "ready" && this.#state.save.kind !== "saved";
  }

  /** Resolves when the loading that is under way has ended, well or not. */
  get loaded(): Promise<void> {
    return this.#loading ?? Promise.resolve();
  }

  load(): Promise<void> {
    this.#loading ??= this.#read().finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  /** The owner calls this after each edit of a person (or of a language server). */
  edited(): void {
    if (this.#state.status !== "ready") return;
    this.#edits += 1;
    clearTimeout(this.#draft);
    this.#draft = setTimeout(() => this.#keepDraft(), DRAFT_MS);
    const { kind } = this.#state.save;
    if (kind === "conflict" || kind === "gone") return;
    if (kind !== "saving") this.#enterSave({ kind: "edited" });
    this.#saveIn(AUTOSAVE_MS);
  }

  /** Writes a draft at once: the page is about to go away. */
  flush(): void {
    if (this.unsaved) this.#keepDraft();
  }

  /** Saves now what is not saved yet. Never throws: the state says how it went. */
  save(): Promise<void> {
    clearTimeout(this.#autosave);
    if (this.#saving === undefined && this.#state.status === "ready") {
      const { kind } = this.#state.save;
      const recreates = kind === "gone" && this.#options.source.recreatable;
      if (kind !== "edited" && kind !== "failed" && !recreates) return Promise.resolve();
      if (recreates) this.#etag = undefined;
      this.#saving = this.#write().finally(() => (this.#saving = undefined));
    }
    return this.#saving ?? Promise.resolve();
  }

  /** Something happened to the file; whether it concerns this text is what the ETag tells. */
  async changedElsewhere(): Promise<void> {
    if (this.#state.status === "failed") return this.load();
    // A save under way asks by itself: its own change comes back as an event too.
    await this.#saving;
    if (this.#state.status !== "ready" || this.#state.save.kind === "gone") return;
    const seen = this.#state.save.kind === "conflict" ? this.#state.save.theirsEtag : this.#etag;
    try {
      const loaded = await this.#options.source.load(seen);
      if (!this.#disposed && loaded.kind === "text" && this.#saving === undefined) this.#meet(loaded.text, loaded.etag);
    } catch (error) {
      if (!this.#disposed && isGone(error)) this.#enterSave({ kind: "gone" });
      // Else: not reachable now. The next event, or the next save, tells.
    }
  }

  /** Ends a conflict: with the text in the buffer (as merged by hand, perhaps), or with the other one. */
  resolve(choice: "mine" | "theirs"): Promise<void> {
    if (this.#state.status !== "ready" || this.#state.save.kind !== "conflict") return Promise.resolve();
    const { theirs, theirsEtag } = this.#state.save;
    this.#etag = theirsEtag;
    if (choice === "mine") {
      this.#enterSave({ kind: "edited" });
      return this.save();
    }
    this.#buffer?.setText(theirs);
    this.#becomeSaved();
    return Promise.resolve();
  }

  /** Gives up what is not saved, the draft too. Only on a person's word. */
  discard(): void {
    if (this.#state.status === "ready") this.#becomeSaved();
  }

  dispose(): void {
    this.flush();
    this.#disposed = true;
    clearTimeout(this.#autosave);
    clearTimeout(this.#draft);
  }

  async #read(): Promise<void> {
    this.#enter({ status: "loading" });
    try {
      const loaded = await this.#options.source.load();
      if (this.#disposed) return;
      if (loaded.kind === "text") this.#show(loaded.text, loaded.etag);
      else if (loaded.kind !== "unchanged") {
        this.#enter({ status: "unsupported", reason: loaded.kind, size: loaded.size });
      }
    } catch (error) {
      if (!this.#disposed) this.#enter({ status: "failed", message: messageOf(error) });
    }
  }

  #show(text: string, etag: string): void {
    this.#etag = etag;
    const { key, drafts } = this.#options;
    const draft = drafts.read(key);
    if (draft === undefined || draft.text === text) {
      drafts.forget(key);
      this.#buffer = this.#options.createBuffer(text);
      this.#enter({ status: "ready", save: { kind: "saved" }, draftRestored: false });
      return;
    }
    this.#buffer = this.#options.createBuffer(draft.text);
    const save: SaveState =
      draft.etag === etag ? { kind: "edited" } : { kind: "conflict", theirs: text, theirsEtag: etag };
    this.#enter({ status: "ready", save, draftRestored: true });
    if (save.kind === "edited") this.#saveIn(AUTOSAVE_MS);
  }

  /** Another text has appeared in the file. */
  #meet(text: string, etag: string): void {
    if (this.#state.status !== "ready" || this.#buffer === undefined) return;
    if (this.#buffer.getText() === text) {
      this.#etag = etag;
      this.#becomeSaved();
    } else if (this.#state.save.kind === "saved") {
      this.#etag = etag;
      this.#buffer.setText(text);
    } else {
      this.#enterSave({ kind: "conflict", theirs: text, theirsEtag: etag });
    }
  }

  async #write(): Promise<void> {
    if (this.#buffer === undefined) return;
    const edits = this.#edits;
    const text = this.#buffer.getText();
    this.#enterSave({ kind: "saving" });
    try {
      this.#etag = await this.#options.source.save(text, this.#etag);
      this.#retryMs = FIRST_RETRY_MS;
      if (this.#edits === edits) this.#becomeSaved();
      else this.#enterSave({ kind: "edited" });
      this.#options.onSaved();
    } catch (error) {
      this.#keepDraft();
      await this.#notWritten(error);
    }
  }

  async #notWritten(error: unknown): Promise<void> {
    if (isGone(error)) {
      this.#enterSave({ kind: "gone" });
      return;
    }
    if (!isStale(error)) {
      const retries = isPassing(error);
      this.#enterSave({ kind: "failed", message: messageOf(error), retries });
      if (retries) this.#saveIn(this.#retryMs);
      this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
      return;
    }
    try {
      const loaded = await this.#options.source.load();
      if (loaded.kind === "text") this.#meet(loaded.text, loaded.etag);
      else this.#enterSave({ kind: "failed", message: messageOf(error), retries: false });
    } catch (again) {
      if (isGone(again)) this.#enterSave({ kind: "gone" });
      else {
        this.#enterSave({ kind: "failed", message: messageOf(again), retries: true });
        this.#saveIn(this.#retryMs);
      }
    }
  }

  #becomeSaved(): void {
    clearTimeout(this.#draft);
    clearTimeout(this.#autosave);
    this.#options.drafts.forget(this.key);
    this.#enterSave({ kind: "saved" });
  }

  #saveIn(milliseconds: number): void {
    clearTimeout(this.#autosave);
    if (!this.#disposed) this.#autosave = setTimeout(() => void this.save(), milliseconds);
  }

  #keepDraft(): void {
    clearTimeout(this.#draft);
    if (this.#buffer === undefined || this.#disposed || !this.unsaved) return;
    this.#options.drafts.write(this.key, this.#etag ?? "", this.#buffer.getText());
  }

  #enterSave(save: SaveState): void {
    const draftRestored = this.#state.status === "ready" && this.#state.draftRestored && save.kind !== "saved";
    this.#enter({ status: "ready", save, draftRestored });
  }

  #enter(state: DocumentState): void {
    this.#state = state;
    if (!this.#disposed) this.#options.onState(state);
  }
}
