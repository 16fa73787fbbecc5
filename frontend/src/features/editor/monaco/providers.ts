/** Monaco's language features, answered by the language servers. Registered once for a project, for every editor. */

import type { LanguageServerKind } from "@/wire/generated";

import {
  parseCompletionItem,
  parseCompletionList,
  parseHover,
  parseLocations,
  parseRange,
  parseSignatureHelp,
  parseTextEdits,
  parseWorkspaceEdit,
  type CompletionItem,
} from "../lsp/protocol";
import { RpcError } from "../lsp/rpcSession";
import { isRecord } from "@/shared/json/json";
import { t } from "@/shared/i18n/i18n";
import { toldPlainly } from "@/shared/i18n/told";
import { notify } from "@/shared/ui/toasts";
import { registerCodeActions } from "./codeActions";
import { fromCompletion, fromEdit, fromLocations, fromRange, fromSignatureHelp, fromWorkspaceEdit } from "./convert";
import { ask, KINDS, type Languages } from "../lsp/languages";
import { pathsOf } from "../lsp/proposedEdit";
import { at, documentOf, signalOf, type ProviderHost } from "./host";
import { joinNextEdit, type UndoableText } from "./jointUndo";
import { modelPath, modelUri, monaco } from "./monaco";

function completion({ languages }: ProviderHost): monaco.languages.CompletionItemProvider {
  const origins = new WeakMap<monaco.languages.CompletionItem, CompletionItem>();
  return {
    triggerCharacters: [".", "[", '"', "'"],
    async provideCompletionItems(model, position, context, token) {
      const place = at(model, position);
      if (place === undefined) return null;
      const byCharacter = context.triggerKind === monaco.languages.CompletionTriggerKind.TriggerCharacter;
      const params = {
        ...place,
        context: { triggerKind: byCharacter ? 2 : 1, ...(byCharacter ? { triggerCharacter: context.triggerCharacter } : {}) },
      };
      const signal = signalOf(token);
      // Nothing now would be taken for nothing at all: the list waits until the server can say what there is.
      const client = await languages.ready("pyright", signal);
      const found = await ask(client, "completionProvider", "textDocument/completion", params, parseCompletionList, signal);
      if (found === undefined) return { suggestions: [], incomplete: true };
      const { startColumn, endColumn } = model.getWordUntilPosition(position);
      const word = new monaco.Range(position.lineNumber, startColumn, position.lineNumber, endColumn);
      const suggestions = found.items.map((item) => {
        const suggestion = fromCompletion(item, word);
        origins.set(suggestion, item);
        return suggestion;
      });
      // What follows a dot was told as a whole, whatever the server says; asking anew at each letter would take its time.
      const member = startColumn > 1 && model.getValueInRange(word.setStartPosition(position.lineNumber, startColumn - 1)).startsWith(".");
      return { suggestions, incomplete: found.incomplete && !member };
    },
    async resolveCompletionItem(suggestion, token) {
      const origin = origins.get(suggestion);
      if (origin === undefined) return suggestion;
      const client = languages.client("pyright");
      const resolved = await ask(client, "completionProvider", "completionItem/resolve", origin.raw, parseCompletionItem, signalOf(token));
      if (resolved === undefined) return suggestion;
      // The place stays that of the list: the text may have moved on since.
      const more = fromCompletion(resolved, suggestion.range instanceof monaco.Range ? suggestion.range : fromRange(EMPTY));
      return { ...suggestion, ...more, range: suggestion.range, insertText: suggestion.insertText };
    },
  };
}

const EMPTY = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

function hover({ languages }: ProviderHost, kind: LanguageServerKind): monaco.languages.HoverProvider {
  return {
    async provideHover(model, position, token) {
      const place = at(model, position);
      if (place === undefined) return null;
      const client = languages.client(kind);
      const found = await ask(client, "hoverProvider", "textDocument/hover", place, parseHover, signalOf(token));
      if (found === undefined) return null;
      const contents = [{ value: found.markdown }];
      return found.range === undefined ? { contents } : { contents, range: fromRange(found.range) };
    },
  };
}

function signatureHelp({ languages }: ProviderHost): monaco.languages.SignatureHelpProvider {
  return {
    signatureHelpTriggerCharacters: ["(", ","],
    signatureHelpRetriggerCharacters: [")"],
    async provideSignatureHelp(model, position, token) {
      const place = at(model, position);
      if (place === undefined) return null;
      const client = languages.client("pyright");
      const found = await ask(client, "signatureHelpProvider", "textDocument/signatureHelp", place, parseSignatureHelp, signalOf(token));
      return found === undefined ? null : { value: fromSignatureHelp(found), dispose: () => undefined };
    },
  };
}

async function locate(
  host: ProviderHost,
  provider: string,
  method: string,
  params: unknown,
  token: monaco.CancellationToken,
): Promise<monaco.languages.Location[] | null> {
  const found = await ask(host.languages.client("pyright"), provider, method, params, parseLocations, signalOf(token));
  if (found === undefined) return null;
  const locations = fromLocations(found);
  const there = await host.ensureModels(locations.map((location) => location.uri));
  return locations.filter((location) => there.has(location.uri.toString()));
}

/** Monaco writes why a rename is refused to the console alone: people are told here. */
function refuseRename(message: string): monaco.languages.WorkspaceEdit & monaco.languages.Rejection {
  notify({ kind: "error", message });
  return { edits: [], rejectReason: message };
}

/** Undo in the text that the rename begins in is to take back all of it. */
function joinUndo(origin: monaco.editor.ITextModel, paths: readonly string[]): void {
  const undoable = (model: monaco.editor.ITextModel): UndoableText => ({
    path: modelPath(model.uri) ?? "",
    getAlternativeVersionId: () => model.getAlternativeVersionId(),
    isDisposed: () => model.isDisposed(),
    undo: () => model.undo(),
    redo: () => model.redo(),
    onDidChangeContent: (listener) => model.onDidChangeContent(listener),
  });
  const others = [...new Set(paths)].flatMap((path) => monaco.editor.getModel(modelUri(path)) ?? []).filter((model) => model !== origin);
  joinNextEdit(undoable(origin), others.map(undoable));
}

function rename(host: ProviderHost): monaco.languages.RenameProvider {
  const client = () => host.languages.client("pyright");
  return {
    async provideRenameEdits(model, position, newName, token) {
      const [place, server, version] = [at(model, position), client(), model.getVersionId()];
      if (place === undefined || server?.can("renameProvider") !== true) return refuseRename(t("editor.serverNotReady"));
      const asked = server.documents.versions;
      try {
        const result = await server.request("textDocument/rename", { ...place, newName }, { signal: signalOf(token) });
        const edit = parseWorkspaceEdit(result);
        if (edit === undefined) return refuseRename(t("editor.nothingToRename"));
        const refused = await host.refusal("pyright", { edit, asked });
        if (refused !== undefined) return refuseRename(refused);
        joinUndo(model, pathsOf(edit));
        return fromWorkspaceEdit(edit);
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        if (error.kind !== "cancelled") return refuseRename(toldPlainly(error.message));
        // Monaco gives a rename up once this text changes, and says nothing.
        if (!model.isDisposed() && model.getVersionId() !== version) return refuseRename(t("editor.changedMeanwhile", { file: modelPath(model.uri) ?? "" }));
        return { edits: [] };
      }
    },
    async resolveRenameLocation(model, position, token) {
      const word = model.getWordAtPosition(position);
      const place = at(model, position);
      const none = { range: new monaco.Range(position.lineNumber, 1, position.lineNumber, 1), text: "" };
      const refused = { ...none, rejectReason: t("editor.notRenamable") };
      if (word === null || place === undefined) return refused;
      const { lineNumber } = position;
      const plain = { range: new monaco.Range(lineNumber, word.startColumn, lineNumber, word.endColumn), text: word.word };
      const found = await ask(client(), "renameProvider", "textDocument/prepareRename", place, (result) => result ?? "no", signalOf(token));
      if (found === undefined) return plain;
      const range = isRecord(found) ? parseRange(found["range"] ?? found) : undefined;
      if (range === undefined) return isRecord(found) ? plain : refused;
      return { range: fromRange(range), text: model.getValueInRange(fromRange(range)) };
    },
  };
}

function formatting({ languages }: ProviderHost): monaco.languages.DocumentFormattingEditProvider {
  return {
    displayName: "ruff",
    async provideDocumentFormattingEdits(model, options, token) {
      return (await formattingEdits(languages, model, options, signalOf(token)))?.map(fromEdit) ?? null;
    },
  };
}

export async function formattingEdits(
  languages: Languages,
  model: monaco.editor.ITextModel,
  options: { tabSize: number; insertSpaces: boolean },
  signal?: AbortSignal,
) {
  const document = documentOf(model);
  if (document === undefined) return undefined;
  const params = { ...document, options: { tabSize: options.tabSize, insertSpaces: options.insertSpaces } };
  return ask(languages.client("ruff"), "documentFormattingProvider", "textDocument/formatting", params, parseTextEdits, signal);
}

export function registerProviders(host: ProviderHost): monaco.IDisposable[] {
  const { languages } = monaco;
  return [
    languages.registerCompletionItemProvider("python", completion(host)),
    ...KINDS.map((kind) => languages.registerHoverProvider("python", hover(host, kind))),
    languages.registerSignatureHelpProvider("python", signatureHelp(host)),
    languages.registerDefinitionProvider("python", {
      provideDefinition: (model, position, token) =>
        locate(host, "definitionProvider", "textDocument/definition", at(model, position), token),
    }),
    languages.registerReferenceProvider("python", {
      provideReferences: (model, position, context, token) =>
        locate(host, "referencesProvider", "textDocument/references", { ...at(model, position), context }, token),
    }),
    languages.registerRenameProvider("python", rename(host)),
    languages.registerDocumentFormattingEditProvider("python", formatting(host)),
    ...registerCodeActions(host),
  ];
}
