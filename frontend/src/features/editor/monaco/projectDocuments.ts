/** All documents of a project that are open in Monaco, and the language clients that look at them. One at a time. */

import { pageStorage } from "@/shared/preferences/pageStorage";
import { nodeByFile, useProject } from "@/shared/project/projectStore";
import { onBeforeRun } from "@/shared/runs/runActions";
import { onEvent, onReload } from "@/shared/session/session";
import { notify } from "@/shared/ui/toasts";
import { openFile, openNode, setProblems, tabKey, type Problem, type Target } from "@/shared/workspace/workspace";
import type { LanguageServerKind } from "@/wire/generated";

import { Drafts } from "../documents/drafts";
import { saveAll } from "../documents/saveAll";
import { pathsOf, refusal, type ProposedEdit } from "../lsp/proposedEdit";
import type { Diagnostic } from "../lsp/protocol";
import { pathOf } from "../lsp/workspaceUri";
import { fromEdit, toMarker } from "./convert";
import type { Languages } from "../lsp/languages";
import { modelPath, modelUri, monaco } from "./monaco";
import { OpenModel } from "./openModel";
import { formattingEdits, registerProviders } from "./providers";

/** Peeks and renames load files; a name that is used everywhere must not load everything. */
const MOST_AT_ONCE = 60;

export class ProjectDocuments {
  readonly projectId: string;
  readonly languages: Languages;
  readonly #drafts: Drafts;
  readonly #open = new Map<string, OpenModel>();
  readonly #disposables: (() => void)[] = [];
  readonly #modelListeners = new Set<() => void>();

  constructor(projectId: string, languages: Languages) {
    this.projectId = projectId;
    this.#drafts = new Drafts(pageStorage(), projectId);
    this.languages = languages;
    languages.listen({
      onDiagnostics: (kind, uri, diagnostics) => this.#mark(kind, uri, diagnostics),
      onApplyEdit: (kind, proposed) => this.applyEdit(kind, proposed),
    });
    const providers = registerProviders(this);
    const opener = monaco.editor.registerEditorOpener({ openCodeEditor: (_source, uri, place) => openAt(uri, place) });
    const flush = () => this.#each((open) => open.document.flush());
    window.addEventListener("pagehide", flush);
    this.#disposables.push(
      () => providers.forEach((provider) => provider.dispose()),
      () => opener.dispose(),
      () => window.removeEventListener("pagehide", flush),
      onBeforeRun(() => saveAll([...this.#open.values()].map(({ path, document }) => ({ path, document })))),
      onEvent("files_changed", ({ data }) => this.#filesChanged(new Set([...data.changed, ...data.deleted]), data.overflow)),
      onReload(() => this.#filesChanged(new Set(), true)),
      useProject.subscribe((state, before) => {
        if (state.nodes !== before.nodes) this.#nodesChanged();
      }),
    );
  }

  /** The document for a target; it is loaded when it was not yet open. */
  open(target: Target): OpenModel {
    const key = tabKey(target);
    const held = this.#open.get(key);
    if (held !== undefined) return held;
    const opened = new OpenModel({
      projectId: this.projectId,
      key,
      target,
      path: pathOfTarget(target),
      drafts: this.#drafts,
      languages: this.languages,
      onModel: () => this.#modelListeners.forEach((listener) => listener()),
    });
    this.#open.set(key, opened);
    void opened.document.load();
    return opened;
  }

  get(key: string): OpenModel | undefined {
    return this.#open.get(key);
  }

  /** Open those that hold text which was typed and never saved: tabs that nobody looked at since are saved before a run too. */
  openDrafts(targets: readonly Target[]): void {
    for (const target of targets) if (this.#drafts.read(tabKey(target)) !== undefined) this.open(target);
  }

  /** Be told when a document has got a model, or another one. */
  onModel(listener: () => void): () => void {
    this.#modelListeners.add(listener);
    return () => this.#modelListeners.delete(listener);
  }

  /** A tab is gone: what is unsaved was saved, or given up, before. */
  close(key: string): void {
    const open = this.#open.get(key);
    if (open === undefined) return;
    this.#open.delete(key);
    open.dispose();
  }

  /** What Ctrl-S does: formats by ruff where that is ready, then saves. */
  async formatAndSave(key: string): Promise<void> {
    const open = this.#open.get(key);
    if (open === undefined) return;
    await this.format(key);
    await open.document.save();
  }

  async format(key: string): Promise<void> {
    const open = this.#open.get(key);
    const model = open?.model;
    if (model?.getLanguageId() !== "python") return;
    const version = model.getVersionId();
    const edits = await formattingEdits(this.languages, model, { tabSize: 4, insertSpaces: true }, AbortSignal.timeout(2_000));
    // Edits of a text that has changed since belong nowhere.
    if (edits === undefined || edits.length === 0 || model.isDisposed() || model.getVersionId() !== version) return;
    open?.applyEdits(edits.map(fromEdit));
  }

  async ensureModels(uris: readonly monaco.Uri[]): Promise<ReadonlySet<string>> {
    const wanted = new Map(uris.map((uri) => [uri.toString(), uri]));
    const there = new Set<string>();
    const load = async (uri: monaco.Uri) => {
      const path = modelPath(uri);
      if (path === undefined) return;
      const open = this.open(targetOf(path));
      await open.document.loaded;
      if (open.model?.uri.toString() === uri.toString()) there.add(uri.toString());
    };
    await Promise.all([...wanted.values()].slice(0, MOST_AT_ONCE).map(load));
    return there;
  }

  async refusal(kind: LanguageServerKind, proposed: ProposedEdit): Promise<string | undefined> {
    const there = await this.ensureModels(pathsOf(proposed.edit).map(modelUri));
    return refusal(proposed, {
      versions: this.languages.client(kind)?.documents.versions ?? new Map<string, number>(),
      isOpen: (path) => there.has(modelUri(path).toString()),
      isUnsaved: (path) => this.#openAt(path)?.document.unsaved === true,
    });
  }

  async applyEdit(kind: LanguageServerKind, proposed: ProposedEdit): Promise<string | undefined> {
    const refused = await this.refusal(kind, proposed);
    if (refused !== undefined) {
      notify({ kind: "error", message: refused });
      return refused;
    }
    for (const { uri, edits } of proposed.edit.documents) this.#openAt(pathOf(uri) ?? "")?.applyEdits(edits.map(fromEdit));
    return undefined;
  }

  dispose(): void {
    for (const end of this.#disposables) end();
    for (const key of [...this.#open.keys()]) this.close(key);
    this.languages.dispose();
  }

  #each(action: (open: OpenModel) => void): void {
    for (const open of this.#open.values()) action(open);
  }

  #filesChanged(paths: ReadonlySet<string>, all: boolean): void {
    this.#each((open) => {
      if (all || paths.has(open.path)) void open.document.changedElsewhere();
    });
  }

  #nodesChanged(): void {
    const { nodes } = useProject.getState();
    this.#each((open) => {
      if (open.target.kind !== "node") return;
      const node = nodes.get(open.target.nodeId);
      if (node === undefined) void open.document.changedElsewhere();
      else open.moveTo(node.file);
    });
  }

  #mark(kind: LanguageServerKind, uri: string, diagnostics: readonly Diagnostic[]): void {
    const path = pathOf(uri);
    if (path === undefined) return;
    const model = monaco.editor.getModel(modelUri(path));
    if (model !== null) monaco.editor.setModelMarkers(model, kind, diagnostics.map(toMarker));
    const target = targetOf(path);
    // Hints are drawn in the text (unused names are greyed), and are no problems.
    const problems = diagnostics.filter(({ severity }) => severity < 4).map((one) => problemOf(kind, target, one));
    setProblems(kind, tabKey(target), problems);
  }

  #openAt(path: string): OpenModel | undefined {
    return this.#open.get(tabKey(targetOf(path)));
  }
}

/** A node's file is its node, whichever way one comes to it: one file has one document. */
export function targetOf(path: string): Target {
  const node = nodeByFile(path);
  return node === undefined ? { kind: "file", path } : { kind: "node", nodeId: node.id };
}

function pathOfTarget(target: Target): string {
  if (target.kind === "file") return target.path;
  const file = useProject.getState().nodes.get(target.nodeId)?.file ?? "";
  return file === "" ? `nodes/${target.nodeId}.py` : file;
}

function openAt(uri: monaco.Uri, place: monaco.IRange | monaco.IPosition | undefined): boolean {
  const path = modelPath(uri);
  if (path === undefined) return false;
  const target = targetOf(path);
  const line = place === undefined ? 1 : "lineNumber" in place ? place.lineNumber : place.startLineNumber;
  const column = place === undefined ? 1 : "column" in place ? place.column : place.startColumn;
  if (target.kind === "node") openNode(target.nodeId, line, column);
  else openFile(target.path, line, column);
  return true;
}

function problemOf(owner: string, target: Target, diagnostic: Diagnostic): Problem {
  const severity = diagnostic.severity === 1 ? "error" : diagnostic.severity === 2 ? "warning" : "info";
  const { start } = diagnostic.range;
  return { owner, severity, message: diagnostic.message, code: diagnostic.code, target, line: start.line + 1, column: start.character + 1 };
}
