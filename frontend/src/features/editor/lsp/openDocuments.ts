/**
 * The documents that an editor told its server about. It numbers their versions, and can tell a new server all of them
 * again with the text that they have by then.
 */

import type { Change } from "./textEdits";

export interface OpenDocument {
  readonly uri: string;
  readonly languageId: string;
  /** The text as it is now; asked for only when a server must be told everything. */
  readonly text: () => string;
}

type Notify = (method: string, params: unknown) => void;

export class OpenDocuments {
  readonly #open = new Map<string, { readonly document: OpenDocument; version: number }>();

  has(uri: string): boolean {
    return this.#open.has(uri);
  }

  get uris(): string[] {
    return [...this.#open.keys()];
  }

  /** The version of each, by its address: the server has the texts of these, or is about to. */
  get versions(): ReadonlyMap<string, number> {
    return new Map([...this.#open].map(([uri, { version }]) => [uri, version]));
  }

  open(document: OpenDocument, notify: Notify): void {
    if (this.#open.has(document.uri)) return;
    this.#open.set(document.uri, { document, version: 1 });
    this.#tell(document, 1, notify);
  }

  change(uri: string, changes: readonly Change[], notify: Notify): void {
    const held = this.#open.get(uri);
    if (held === undefined || changes.length === 0) return;
    held.version += 1;
    notify("textDocument/didChange", {
      textDocument: { uri, version: held.version },
      contentChanges: changes.map(({ range, text }) => ({ range, text })),
    });
  }

  save(uri: string, notify: Notify): void {
    if (this.#open.has(uri)) notify("textDocument/didSave", { textDocument: { uri } });
  }

  close(uri: string, notify: Notify): void {
    if (this.#open.delete(uri)) notify("textDocument/didClose", { textDocument: { uri } });
  }

  /** Versions go on rising: a server that kept the document must not take the text for an older one. */
  reopen(notify: Notify): void {
    for (const held of this.#open.values()) {
      held.version += 1;
      this.#tell(held.document, held.version, notify);
    }
  }

  #tell(document: OpenDocument, version: number, notify: Notify): void {
    const { uri, languageId } = document;
    notify("textDocument/didOpen", { textDocument: { uri, languageId, version, text: document.text() } });
  }
}
