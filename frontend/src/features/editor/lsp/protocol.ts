/** The part of LSP 3.17 that the editor uses, with the parsers of what a server sends. Positions count UTF-16 units from 0. */

import { isRecord, list, number, optionalNumber, parsed, record, text, type JsonRecord } from "@/shared/json/json";

export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

export interface TextEdit {
  readonly range: Range;
  readonly newText: string;
}

export interface Location {
  readonly uri: string;
  readonly range: Range;
}

/** 1 error, 2 warning, 3 information, 4 hint. */
export type Severity = 1 | 2 | 3 | 4;

export interface Diagnostic {
  readonly range: Range;
  readonly severity: Severity;
  readonly message: string;
  readonly source: string;
  readonly code: string;
  readonly codeUrl: string;
  /** 1 unnecessary, 2 deprecated. */
  readonly tags: readonly number[];
  /** As it came: a server wants it back unchanged when it is asked for quick fixes. */
  readonly raw: JsonRecord;
}

export interface CompletionItem {
  readonly label: string;
  readonly detail: string;
  readonly description: string;
  readonly kind: number;
  readonly sortText: string | undefined;
  readonly filterText: string | undefined;
  readonly insertText: string;
  readonly snippet: boolean;
  readonly edit: TextEdit | undefined;
  readonly additionalEdits: readonly TextEdit[];
  readonly documentation: string;
  readonly deprecated: boolean;
  readonly commitCharacters: readonly string[];
  /** As it came, for `completionItem/resolve`. */
  readonly raw: JsonRecord;
}

export interface CompletionList {
  readonly items: readonly CompletionItem[];
  readonly incomplete: boolean;
}

export interface Hover {
  readonly markdown: string;
  readonly range: Range | undefined;
}

export interface SignatureHelp {
  readonly signatures: readonly {
    readonly label: string;
    readonly documentation: string;
    readonly parameters: readonly { readonly label: string | readonly [number, number]; readonly documentation: string }[];
    readonly activeParameter: number | undefined;
  }[];
  readonly activeSignature: number;
  readonly activeParameter: number;
}

export interface DocumentEdit {
  readonly uri: string;
  /** The client's number of the text that the edits are for; null: that of the file, or of the document as it was asked about. */
  readonly version: number | null;
  /** All of them refer to the text before any of them. */
  readonly edits: readonly TextEdit[];
}

export interface WorkspaceEdit {
  /** One entry for each document. */
  readonly documents: readonly DocumentEdit[];
  /** Kinds of file operations (create, rename, delete) that the edit holds besides; the editor refuses those. */
  readonly fileOperations: readonly string[];
}

export interface CodeAction {
  readonly title: string;
  readonly kind: string;
  readonly preferred: boolean;
  readonly edit: WorkspaceEdit | undefined;
  readonly command: { readonly command: string; readonly arguments: readonly unknown[] } | undefined;
  /** As it came, for `codeAction/resolve`. */
  readonly raw: JsonRecord;
}

export function parsePosition(value: unknown): Position {
  const { line, character } = record(value);
  return { line: Math.max(0, number(line)), character: Math.max(0, number(character)) };
}

export function parseRange(value: unknown): Range | undefined {
  if (!isRecord(value) || !isRecord(value["start"]) || !isRecord(value["end"])) return undefined;
  return { start: parsePosition(value["start"]), end: parsePosition(value["end"]) };
}

export function parseTextEdit(value: unknown): TextEdit | undefined {
  const edit = record(value);
  // InsertReplaceEdit: the editor inserts, as it does for a plain edit.
  const range = parseRange(edit["range"] ?? edit["insert"]);
  return range === undefined ? undefined : { range, newText: text(edit["newText"]) };
}

/** Markdown of a MarkupContent, a MarkedString, or a list of them. */
export function parseMarkup(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(parseMarkup).filter((part) => part !== "").join("\n\n---\n\n");
  const markup = record(value);
  const content = text(markup["value"]);
  const language = text(markup["language"]);
  if (language !== "") return `\`\`\`${language}\n${content}\n\`\`\``;
  return markup["kind"] === "plaintext" ? content.replaceAll(/([\\`*_{}[\]<>#])/g, "\\$1") : content;
}

function parseSeverity(value: unknown): Severity {
  return value === 2 || value === 3 || value === 4 ? value : 1;
}

export function parseDiagnostic(value: unknown): Diagnostic | undefined {
  const raw = record(value);
  const range = parseRange(raw["range"]);
  if (range === undefined) return undefined;
  const code = raw["code"];
  return {
    range,
    severity: parseSeverity(raw["severity"]),
    message: text(raw["message"]),
    source: text(raw["source"]),
    code: typeof code === "number" ? String(code) : text(code),
    codeUrl: text(record(raw["codeDescription"])["href"]),
    tags: list(raw["tags"]).filter((tag) => typeof tag === "number"),
    raw,
  };
}

export function parseDiagnostics(params: unknown): { uri: string; diagnostics: Diagnostic[] } {
  const body = record(params);
  return { uri: text(body["uri"]), diagnostics: parsed(body["diagnostics"], parseDiagnostic) };
}

export function parseCompletionItem(value: unknown): CompletionItem | undefined {
  const raw = record(value);
  const label = text(raw["label"]);
  if (label === "") return undefined;
  const details = record(raw["labelDetails"]);
  const edit = parseTextEdit(raw["textEdit"]);
  return {
    label,
    detail: text(raw["detail"]) || text(details["detail"]),
    description: text(details["description"]),
    kind: number(raw["kind"], 1),
    sortText: typeof raw["sortText"] === "string" ? raw["sortText"] : undefined,
    filterText: typeof raw["filterText"] === "string" ? raw["filterText"] : undefined,
    insertText: edit?.newText ?? text(raw["insertText"], label),
    snippet: raw["insertTextFormat"] === 2,
    edit,
    additionalEdits: parsed(raw["additionalTextEdits"], parseTextEdit),
    documentation: parseMarkup(raw["documentation"]),
    deprecated: raw["deprecated"] === true || list(raw["tags"]).includes(1),
    commitCharacters: list(raw["commitCharacters"]).filter((character) => typeof character === "string"),
    raw,
  };
}

export function parseCompletionList(value: unknown): CompletionList {
  if (Array.isArray(value)) return { items: parsed(value, parseCompletionItem), incomplete: false };
  const body = record(value);
  return { items: parsed(body["items"], parseCompletionItem), incomplete: body["isIncomplete"] === true };
}

export function parseHover(value: unknown): Hover | undefined {
  const body = record(value);
  const markdown = parseMarkup(body["contents"]);
  return markdown.trim() === "" ? undefined : { markdown, range: parseRange(body["range"]) };
}

function parseParameter(value: unknown): SignatureHelp["signatures"][number]["parameters"][number] {
  const body = record(value);
  const [from, to] = list(body["label"]);
  const label = typeof body["label"] === "string" ? body["label"] : ([number(from), number(to)] as const);
  return { label, documentation: parseMarkup(body["documentation"]) };
}

export function parseSignatureHelp(value: unknown): SignatureHelp | undefined {
  const body = record(value);
  const signatures = list(body["signatures"]).map((item) => {
    const signature = record(item);
    return {
      label: text(signature["label"]),
      documentation: parseMarkup(signature["documentation"]),
      parameters: list(signature["parameters"]).map(parseParameter),
      activeParameter: optionalNumber(signature["activeParameter"]),
    };
  });
  if (signatures.length === 0) return undefined;
  return {
    signatures,
    activeSignature: number(body["activeSignature"]),
    activeParameter: number(body["activeParameter"]),
  };
}

function parseLocation(value: unknown): Location | undefined {
  const body = record(value);
  // A LocationLink names its target in other words.
  const uri = text(body["uri"], text(body["targetUri"]));
  const range = parseRange(body["range"] ?? body["targetSelectionRange"] ?? body["targetRange"]);
  return uri === "" || range === undefined ? undefined : { uri, range };
}

export function parseLocations(value: unknown): Location[] {
  return parsed(Array.isArray(value) ? value : [value], parseLocation);
}

export function parseWorkspaceEdit(value: unknown): WorkspaceEdit | undefined {
  if (!isRecord(value)) return undefined;
  const documents = new Map<string, DocumentEdit>();
  const add = ({ uri, version, edits }: DocumentEdit) => {
    const before = documents.get(uri);
    documents.set(uri, { uri, version: version ?? before?.version ?? null, edits: [...(before?.edits ?? []), ...edits] });
  };
  const fileOperations: string[] = [];
  for (const [uri, edits] of Object.entries(record(value["changes"]))) {
    add({ uri, version: null, edits: parsed(edits, parseTextEdit) });
  }
  for (const item of list(value["documentChanges"])) {
    const change = record(item);
    const { uri, version } = record(change["textDocument"]);
    if (typeof change["kind"] === "string") fileOperations.push(change["kind"]);
    else add({ uri: text(uri), version: optionalNumber(version) ?? null, edits: parsed(change["edits"], parseTextEdit) });
  }
  return { documents: [...documents.values()], fileOperations };
}

function parseCommand(value: unknown): CodeAction["command"] {
  const body = record(value);
  const command = text(body["command"]);
  return command === "" ? undefined : { command, arguments: list(body["arguments"]) };
}

export function parseCodeAction(value: unknown): CodeAction | undefined {
  const raw = record(value);
  const title = text(raw["title"]);
  // A disabled action is there to be explained in menus of its own; this editor has none.
  if (title === "" || isRecord(raw["disabled"])) return undefined;
  // A bare Command has its name where a CodeAction has an object.
  const command = typeof raw["command"] === "string" ? parseCommand(raw) : parseCommand(raw["command"]);
  return {
    title,
    kind: text(raw["kind"]),
    preferred: raw["isPreferred"] === true,
    edit: parseWorkspaceEdit(raw["edit"]),
    command,
    raw,
  };
}

export function parseTextEdits(value: unknown): TextEdit[] {
  return parsed(value, parseTextEdit);
}
