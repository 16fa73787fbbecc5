/**
 * Files on their way into the workspace: a few at a time, each with its progress, each to be cancelled. A file that is
 * there already waits for a word of the person; nothing is replaced silently. Knows neither the browser nor React.
 */

export type UploadState =
  | { readonly kind: "waiting" }
  | { readonly kind: "sending"; readonly sent: number }
  | { readonly kind: "exists" }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "done" };

export interface Upload {
  readonly id: number;
  /** Where it goes, below the workspace. */
  readonly path: string;
  readonly size: number;
  readonly state: UploadState;
}

export interface SendOptions {
  /** False: refuse to replace. The promise rejects with `AlreadyThere` then. */
  readonly overwrite: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (sent: number) => void;
}

/** There is a file of this name already. */
export class AlreadyThere extends Error {
  override name = "AlreadyThere";
}

export type Send<Body> = (path: string, body: Body, options: SendOptions) => Promise<void>;

interface Entry<Body> {
  upload: Upload;
  readonly body: Body;
  overwrite: boolean;
  readonly stop: AbortController;
}

const AT_ONCE = 2;

export class UploadQueue<Body extends { readonly size: number }> {
  readonly #send: Send<Body>;
  readonly #onChange: (uploads: readonly Upload[]) => void;
  readonly #entries = new Map<number, Entry<Body>>();
  #nextId = 1;
  #running = 0;

  constructor(send: Send<Body>, onChange: (uploads: readonly Upload[]) => void) {
    this.#send = send;
    this.#onChange = onChange;
  }

  get uploads(): readonly Upload[] {
    return [...this.#entries.values()].map(({ upload }) => upload);
  }

  add(path: string, body: Body): void {
    const id = this.#nextId++;
    const upload: Upload = { id, path, size: body.size, state: { kind: "waiting" } };
    this.#entries.set(id, { upload, body, overwrite: false, stop: new AbortController() });
    this.#changed();
    this.#startNext();
  }

  /** Sends one again that failed, or that is there already and is to be replaced. */
  again(id: number, overwrite: boolean): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || (entry.upload.state.kind !== "failed" && entry.upload.state.kind !== "exists")) return;
    entry.overwrite ||= overwrite;
    this.#set(entry, { kind: "waiting" });
    this.#startNext();
  }

  /** Stops it if it is under way, and takes it off the list. */
  remove(id: number): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    entry.stop.abort();
    this.#changed();
  }

  /** Takes off the list what is done. */
  tidy(): void {
    for (const { upload } of [...this.#entries.values()]) if (upload.state.kind === "done") this.#entries.delete(upload.id);
    this.#changed();
  }

  dispose(): void {
    for (const { stop } of this.#entries.values()) stop.abort();
    this.#entries.clear();
  }

  #startNext(): void {
    for (const entry of this.#entries.values()) {
      if (this.#running >= AT_ONCE) return;
      if (entry.upload.state.kind === "waiting") void this.#run(entry);
    }
  }

  async #run(entry: Entry<Body>): Promise<void> {
    this.#running += 1;
    this.#set(entry, { kind: "sending", sent: 0 });
    try {
      await this.#send(entry.upload.path, entry.body, {
        overwrite: entry.overwrite,
        signal: entry.stop.signal,
        onProgress: (sent) => {
          if (entry.upload.state.kind === "sending") this.#set(entry, { kind: "sending", sent });
        },
      });
      this.#set(entry, { kind: "done" });
    } catch (error) {
      if (error instanceof AlreadyThere) this.#set(entry, { kind: "exists" });
      else this.#set(entry, { kind: "failed", message: error instanceof Error ? error.message : String(error) });
    } finally {
      this.#running -= 1;
      this.#startNext();
    }
  }

  #set(entry: Entry<Body>, state: UploadState): void {
    // One that was removed meanwhile says nothing more.
    if (!this.#entries.has(entry.upload.id)) return;
    entry.upload = { ...entry.upload, state };
    this.#changed();
  }

  #changed(): void {
    this.#onChange(this.uploads);
  }
}
