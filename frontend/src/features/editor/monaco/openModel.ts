/** One file in Monaco: its model, and the document behind it that loads and saves. */

import { setDirty, type Target } from "@/shared/workspace/workspace";

import { tellDocumentState } from "../documents/documentStates";
import type { Drafts } from "../documents/drafts";
import { EditorDocument, type DocumentState } from "../documents/editorDocument";
import { sourceOf, type Source } from "../documents/source";
import { minimalEdit } from "../lsp/minimalEdit";
import { inOrderOfApplication } from "../lsp/textEdits";
import { uriOf } from "../lsp/workspaceUri";
import { toChanges } from "./convert";
import type { Languages } from "../lsp/languages";
import { languageOf, modelUri, monaco } from "./monaco";

export interface OpenModelOptions {
  readonly projectId: string;
  readonly key: string;
  readonly target: Target;
  readonly path: string;
  readonly drafts: Drafts;
  readonly languages: Languages;
  readonly onModel: () => void;
}

export class OpenModel {
  readonly key: string;
  readonly target: Target;
  readonly source: Source;
  readonly document: EditorDocument;
  readonly #options: OpenModelOptions;
  #path: string;
  #model: monaco.editor.ITextModel | undefined;
  /** Set while a text comes in from the server, which is no edit of a person. */
  #incoming = false;
  /** Whether a tab shows it. Language servers are told only of those; the others they read from the disk. */
  #shown = false;

  constructor(options: OpenModelOptions) {
    this.#options = options;
    this.key = options.key;
    this.target = options.target;
    this.#path = options.path;
    this.source = sourceOf(options.projectId, options.target);
    this.document = new EditorDocument({
      key: options.key,
      source: this.source,
      drafts: options.drafts,
      createBuffer: (text) => this.#create(text),
      onState: (state) => this.#tell(state),
      onSaved: () => options.languages.each((client) => client.save(this.#uri)),
    });
  }

  get path(): string {
    return this.#path;
  }

  get model(): monaco.editor.ITextModel | undefined {
    return this.#model;
  }

  get #uri(): string {
    return uriOf(this.#path);
  }

  show(): void {
    if (this.#shown) return;
    this.#shown = true;
    this.#openInServers();
  }

  /** The file has another name now. A model cannot take one, so a new model takes the text. */
  moveTo(path: string): void {
    if (path === this.#path || path === "") return;
    const old = this.#model;
    this.#closeInServers();
    this.#path = path;
    if (old === undefined) return;
    this.#attach(old.getValue());
    old.dispose();
    this.#openInServers();
    this.#options.onModel();
  }

  /** Edits that come from a language server: undone like those of a person, and saved like them. */
  applyEdits(edits: readonly monaco.languages.TextEdit[]): void {
    this.#model?.pushStackElement();
    this.#model?.pushEditOperations([], edits.map(({ range, text }) => ({ range, text })), () => null);
    this.#model?.pushStackElement();
  }

  dispose(): void {
    this.#closeInServers();
    this.document.dispose();
    this.#model?.dispose();
    this.#model = undefined;
    tellDocumentState(this.key, undefined);
    setDirty(this.key, false);
  }

  #create(text: string) {
    this.#attach(text);
    this.#openInServers();
    this.#options.onModel();
    return {
      getText: () => this.#model?.getValue() ?? "",
      setText: (next: string) => this.#replace(next),
    };
  }

  #attach(text: string): void {
    const uri = modelUri(this.#path);
    // A model of that name can only be left over from a file that was moved away from there.
    monaco.editor.getModel(uri)?.dispose();
    const model = monaco.editor.createModel(text, languageOf(this.#path), uri);
    model.onDidChangeContent((event) => {
      const changes = inOrderOfApplication(toChanges(event.changes));
      if (this.#shown) this.#options.languages.each((client) => client.change(this.#uri, changes));
      if (!this.#incoming) this.document.edited();
    });
    this.#model = model;
  }

  #replace(next: string): void {
    const model = this.#model;
    if (model === undefined) return;
    const { from, to, text } = minimalEdit(model.getValue(), next);
    const start = model.getPositionAt(from);
    const end = model.getPositionAt(to);
    this.#incoming = true;
    try {
      model.pushStackElement();
      model.pushEditOperations([], [{ range: monaco.Range.fromPositions(start, end), text }], () => null);
      model.pushStackElement();
    } finally {
      this.#incoming = false;
    }
  }

  #openInServers(): void {
    if (!this.#shown || this.#model?.getLanguageId() !== "python") return;
    const document = { uri: this.#uri, languageId: "python", text: () => this.#model?.getValue() ?? "" };
    this.#options.languages.each((client) => client.open(document));
  }

  #closeInServers(): void {
    this.#options.languages.each((client) => {
      if (client.documents.has(this.#uri)) client.close(this.#uri);
    });
  }

  #tell(state: DocumentState): void {
    tellDocumentState(this.key, state);
    setDirty(this.key, state.status === "ready" && state.save.kind !== "saved");
  }
}
