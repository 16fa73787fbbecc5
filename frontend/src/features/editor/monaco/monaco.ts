/**
 * Monaco with what this editor uses of it, and nothing else: a chunk of its own, loaded when the first editor opens.
 * The features are named one by one because the whole of them is a third larger.
 */

import * as monaco from "monaco-editor/editor";
import EditorWorker from "monaco-editor/editor/editor.worker?worker";

import "monaco-editor/features/anchorSelect/register";
import "monaco-editor/features/bracketMatching/register";
import "monaco-editor/features/caretOperations/register";
import "monaco-editor/features/clipboard/register";
import "monaco-editor/features/codeAction/register";
import "monaco-editor/features/codeEditor/register";
import "monaco-editor/features/codicon/register";
import "monaco-editor/features/comment/register";
import "monaco-editor/features/contextmenu/register";
import "monaco-editor/features/cursorUndo/register";
import "monaco-editor/features/diffEditor/register";
import "monaco-editor/features/dnd/register";
import "monaco-editor/features/find/register";
import "monaco-editor/features/folding/register";
import "monaco-editor/features/format/register";
import "monaco-editor/features/gotoError/register";
import "monaco-editor/features/gotoLine/register";
import "monaco-editor/features/gotoSymbol/register";
import "monaco-editor/features/hover/register";
import "monaco-editor/features/indentation/register";
import "monaco-editor/features/linesOperations/register";
import "monaco-editor/features/links/register";
import "monaco-editor/features/multicursor/register";
import "monaco-editor/features/parameterHints/register";
import "monaco-editor/features/quickCommand/register";
import "monaco-editor/features/readOnlyMessage/register";
import "monaco-editor/features/referenceSearch/register";
import "monaco-editor/features/rename/register";
import "monaco-editor/features/smartSelect/register";
import "monaco-editor/features/snippet/register";
import "monaco-editor/features/suggest/register";
// That names only the suggestions inline; the list of completions comes with this.
import "monaco-editor/editor/contrib/suggest/browser/suggestController.js";
import "monaco-editor/features/toggleTabFocusMode/register";
import "monaco-editor/features/tokenization/register";
import "monaco-editor/features/unicodeHighlighter/register";
import "monaco-editor/features/unusualLineTerminators/register";
import "monaco-editor/features/wordHighlighter/register";
import "monaco-editor/features/wordOperations/register";

import "monaco-editor/languages/definitions/css/register";
import "monaco-editor/languages/definitions/html/register";
import "monaco-editor/languages/definitions/ini/register";
import "monaco-editor/languages/definitions/javascript/register";
import "monaco-editor/languages/definitions/markdown/register";
import "monaco-editor/languages/definitions/python/register";
import "monaco-editor/languages/definitions/shell/register";
import "monaco-editor/languages/definitions/sql/register";
import "monaco-editor/languages/definitions/typescript/register";
import "monaco-editor/languages/definitions/xml/register";
import "monaco-editor/languages/definitions/yaml/register";

window.MonacoEnvironment = { getWorker: () => new EditorWorker() };

/** Data files have no server here; JavaScript's tokenizer colours JSON well enough, and ini's TOML. */
const BY_EXTENSION: Readonly<Record<string, string>> = {
  json: "javascript",
  jsonl: "javascript",
  ipynb: "javascript",
  geojson: "javascript",
  toml: "ini",
  cfg: "ini",
  pyi: "python",
  svg: "xml",
};

export function languageOf(path: string): string {
  const extension = /\.(\w+)$/.exec(path.toLowerCase())?.[1];
  if (extension === undefined) return "plaintext";
  const special = BY_EXTENSION[extension];
  if (special !== undefined) return special;
  const known = monaco.languages.getLanguages().find((language) => language.extensions?.includes(`.${extension}`));
  return known?.id ?? "plaintext";
}

export function modelUri(path: string): monaco.Uri {
  return monaco.Uri.file(`/workspace/${path}`);
}

/** The path below the workspace, undefined for a model that is no file of it (the other side of a comparison). */
export function modelPath(uri: monaco.Uri): string | undefined {
  return uri.scheme === "file" && uri.path.startsWith("/workspace/") ? uri.path.slice("/workspace/".length) : undefined;
}

export { monaco };
