/**
 * Text that is typed and not saved yet, kept in the browser until it is: a reload, a crash or a lost connection costs
 * nothing. A draft knows the ETag of the text it was made from, so that it never replaces what it did not see.
 */

import { isRecord } from "@/shared/json/json";
import { DRAFT_PREFIX as PREFIX } from "@/shared/preferences/draftStorage";

export interface Draft {
  readonly etag: string;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The part of `Storage` that is used. */
export interface KeyValues {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

function parseDraft(stored: string | null): Draft | undefined {
  if (stored === null) return undefined;
  try {
    const body: unknown = JSON.parse(stored);
    if (!isRecord(body)) return undefined;
    const { etag, text, at } = body;
    return typeof etag === "string" && typeof text === "string" && typeof at === "number" ? { etag, text, at } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export class Drafts {
  readonly #storage: KeyValues | undefined;
  readonly #scope: string;
  readonly #now: () => number;

  constructor(storage: KeyValues | undefined, projectId: string, now: () => number = Date.now) {
    this.#storage = storage;
    this.#scope = `${PREFIX}${projectId}:`;
    this.#now = now;
  }

  read(key: string): Draft | undefined {
    return parseDraft(this.#storage?.getItem(this.#scope + key) ?? null);
  }

  /** False when the browser has no room for it, even without the oldest draft of another file. */
  write(key: string, etag: string, text: string): boolean {
    if (this.#storage === undefined) return false;
    const value = JSON.stringify({ etag, text, at: this.#now() } satisfies Draft);
    return this.#store(key, value) || (this.#dropOldest(key) && this.#store(key, value));
  }

  forget(key: string): void {
    this.#storage?.removeItem(this.#scope + key);
  }

  #store(key: string, value: string): boolean {
    try {
      this.#storage?.setItem(this.#scope + key, value);
      return true;
    } catch (error) {
      if (error instanceof DOMException) return false;
      throw error;
    }
  }

  #dropOldest(except: string): boolean {
    if (this.#storage === undefined) return false;
    let oldest: { key: string; at: number } | undefined;
    for (let index = 0; index < this.#storage.length; index++) {
      const key = this.#storage.key(index);
      if (key === null || !key.startsWith(PREFIX) || key === this.#scope + except) continue;
      const at = parseDraft(this.#storage.getItem(key))?.at ?? 0;
      if (oldest === undefined || at < oldest.at) oldest = { key, at };
    }
    // Only what was left behind a week ago; the text of another open file is worth as much as this one's.
    if (oldest === undefined || this.#now() - oldest.at < 7 * 24 * 3600 * 1000) return false;
    this.#storage.removeItem(oldest.key);
    return true;
  }
}
