/** LSP values and Monaco's: the same things counted from 0 and from 1. */

import type { Change } from "../lsp/textEdits";
import type {
  CompletionItem,
  Diagnostic,
  Location,
  Position,
  Range,
  SignatureHelp,
  TextEdit,
  WorkspaceEdit,
} from "../lsp/protocol";
import { pathOf } from "../lsp/workspaceUri";
import { modelUri, monaco } from "./monaco";

export function toPosition(position: monaco.IPosition): Position {
  return { line: position.lineNumber - 1, character: position.column - 1 };
}

export function toRange(range: monaco.IRange): Range {
  return {
    start: { line: range.startLineNumber - 1, character: range.startColumn - 1 },
    end: { line: range.endLineNumber - 1, character: range.endColumn - 1 },
  };
}

export function fromRange(range: Range): monaco.IRange {
  return {
    startLineNumber: range.start.line + 1,
    startColumn: range.start.character + 1,
    endLineNumber: range.end.line + 1,
    endColumn: range.end.character + 1,
  };
}

export function fromEdit(edit: TextEdit): monaco.languages.TextEdit {
  return { range: fromRange(edit.range), text: edit.newText };
}

export function toChanges(changes: readonly monaco.editor.IModelContentChange[]): Change[] {
  return changes.map(({ range, text }) => ({ range: toRange(range), text }));
}

/** Locations in the workspace; a library's sources lie elsewhere and cannot be shown. */
export function fromLocations(locations: readonly Location[]): monaco.languages.Location[] {
  return locations.flatMap(({ uri, range }) => {
    const path = pathOf(uri);
    return path === undefined ? [] : [{ uri: modelUri(path), range: fromRange(range) }];
  });
}

/** For models that are loaded. Monaco applies it to the texts that they have now, and to no later ones. */
export function fromWorkspaceEdit(edit: WorkspaceEdit): monaco.languages.WorkspaceEdit {
  return {
    edits: edit.documents.flatMap(({ uri, edits }) => {
      const path = pathOf(uri);
      if (path === undefined) return [];
      const resource = modelUri(path);
      const versionId = monaco.editor.getModel(resource)?.getVersionId();
      return edits.map((one) => ({ resource, versionId, textEdit: fromEdit(one) }));
    }),
  };
}

const SEVERITIES = {
  1: monaco.MarkerSeverity.Error,
  2: monaco.MarkerSeverity.Warning,
  3: monaco.MarkerSeverity.Info,
  4: monaco.MarkerSeverity.Hint,
} as const;

export function toMarker(diagnostic: Diagnostic): monaco.editor.IMarkerData {
  const { code, codeUrl } = diagnostic;
  return {
    ...fromRange(diagnostic.range),
    severity: SEVERITIES[diagnostic.severity],
    message: diagnostic.message,
    source: diagnostic.source,
    ...(code === "" ? {} : { code: codeUrl === "" ? code : { value: code, target: monaco.Uri.parse(codeUrl) } }),
    tags: diagnostic.tags.map((tag) => (tag === 2 ? monaco.MarkerTag.Deprecated : monaco.MarkerTag.Unnecessary)),
  };
}

const Kind = monaco.languages.CompletionItemKind;
/** By LSP's number, from 1. */
const KINDS: readonly monaco.languages.CompletionItemKind[] = [
  Kind.Text,
  Kind.Method,
  Kind.Function,
  Kind.Constructor,
  Kind.Field,
  Kind.Variable,
  Kind.Class,
  Kind.Interface,
  Kind.Module,
  Kind.Property,
  Kind.Unit,
  Kind.Value,
  Kind.Enum,
  Kind.Keyword,
  Kind.Snippet,
  Kind.Color,
  Kind.File,
  Kind.Reference,
  Kind.Folder,
  Kind.EnumMember,
  Kind.Constant,
  Kind.Struct,
  Kind.Event,
  Kind.Operator,
  Kind.TypeParameter,
];

export function fromCompletion(item: CompletionItem, word: monaco.IRange): monaco.languages.CompletionItem {
  const rule = monaco.languages.CompletionItemInsertTextRule.InsertAsSnippet;
  return {
    label: item.description === "" ? item.label : { label: item.label, description: item.description },
    kind: KINDS[item.kind - 1] ?? Kind.Text,
    insertText: item.insertText,
    range: item.edit === undefined ? word : fromRange(item.edit.range),
    ...(item.detail === "" ? {} : { detail: item.detail }),
    ...(item.documentation === "" ? {} : { documentation: { value: item.documentation } }),
    ...(item.sortText === undefined ? {} : { sortText: item.sortText }),
    ...(item.filterText === undefined ? {} : { filterText: item.filterText }),
    ...(item.snippet ? { insertTextRules: rule } : {}),
    ...(item.deprecated ? { tags: [monaco.languages.CompletionItemTag.Deprecated] } : {}),
    ...(item.additionalEdits.length === 0 ? {} : { additionalTextEdits: item.additionalEdits.map(fromEdit) }),
    ...(item.commitCharacters.length === 0 ? {} : { commitCharacters: [...item.commitCharacters] }),
  };
}

export function fromSignatureHelp(help: SignatureHelp): monaco.languages.SignatureHelp {
  return {
    signatures: help.signatures.map((signature) => ({
      label: signature.label,
      documentation: { value: signature.documentation },
      parameters: signature.parameters.map(({ label, documentation }) => ({
        label: typeof label === "string" ? label : [label[0], label[1]],
        documentation: { value: documentation },
      })),
      ...(signature.activeParameter === undefined ? {} : { activeParameter: signature.activeParameter }),
    })),
    activeSignature: help.activeSignature,
    activeParameter: help.activeParameter,
  };
}
