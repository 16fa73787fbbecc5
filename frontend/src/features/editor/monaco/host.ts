/** What Monaco's providers need of the editor around them, and of each call. */

import { toPosition } from "./convert";
import { uriOf } from "../lsp/workspaceUri";
import type { Languages } from "../lsp/languages";
import type { ProposedEdit } from "../lsp/proposedEdit";
import type { LanguageServerKind } from "@/wire/generated";
import { modelPath, type monaco } from "./monaco";

export interface ProviderHost {
  readonly languages: Languages;
  /** Loads these files as models, so that an edit or a peek finds them. Resolves to those that there are. */
  ensureModels(uris: readonly monaco.Uri[]): Promise<ReadonlySet<string>>;
  /** Loads the files of an edit and says why it may not be applied to them now; undefined: it may, to all of them, at once. */
  refusal(kind: LanguageServerKind, proposed: ProposedEdit): Promise<string | undefined>;
  /** Applies an edit to all of its files, or to none, and tells why not. */
  applyEdit(kind: LanguageServerKind, proposed: ProposedEdit): Promise<string | undefined>;
}

export function signalOf(token: monaco.CancellationToken): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}

export function documentOf(model: monaco.editor.ITextModel): { textDocument: { uri: string } } | undefined {
  const path = modelPath(model.uri);
  return path === undefined ? undefined : { textDocument: { uri: uriOf(path) } };
}

export function at(model: monaco.editor.ITextModel, position: monaco.Position) {
  const document = documentOf(model);
  return document === undefined ? undefined : { ...document, position: toPosition(position) };
}
