/** Quick fixes and refactorings of both servers, in one menu. */

import { t } from "@/shared/i18n/i18n";
import { toldPlainly } from "@/shared/i18n/told";
import { notify } from "@/shared/ui/toasts";
import { parsed } from "@/shared/json/json";
import type { LanguageServerKind } from "@/wire/generated";

import { parseCodeAction, type CodeAction, type Diagnostic, type Range } from "../lsp/protocol";
import type { LanguageClient } from "../lsp/languageClient";
import type { Versions } from "../lsp/proposedEdit";
import { RpcError } from "../lsp/rpcSession";
import { toMarker, toRange } from "./convert";
import { documentOf, signalOf, type ProviderHost } from "./host";
import { ask, KINDS } from "../lsp/languages";
import { monaco } from "./monaco";

/** Monaco would apply an edit to whatever the texts are by then: it is given this command instead, which looks at them. */
const TAKE = "aimforge.takeCodeAction";

function touches(a: Range, b: Range): boolean {
  const before = (one: Range, other: Range) =>
    one.end.line < other.start.line || (one.end.line === other.start.line && one.end.character < other.start.character);
  return !before(a, b) && !before(b, a);
}

interface Origin {
  readonly kind: LanguageServerKind;
  readonly action: CodeAction;
  /** The versions for which it was offered. */
  readonly asked: Versions;
}

class CodeActions implements monaco.languages.CodeActionProvider {
  readonly #host: ProviderHost;
  readonly #origins = new WeakMap<object, Origin>();

  constructor(host: ProviderHost) {
    this.#host = host;
  }

  async provideCodeActions(
    model: monaco.editor.ITextModel,
    range: monaco.Range,
    context: monaco.languages.CodeActionContext,
    token: monaco.CancellationToken,
  ): Promise<monaco.languages.CodeActionList | null> {
    const document = documentOf(model);
    if (document === undefined) return null;
    const signal = signalOf(token);
    const found = await Promise.all(
      KINDS.map(async (kind) => {
        const diagnostics = this.#host.languages
          .diagnostics(kind, document.textDocument.uri)
          .filter((diagnostic) => touches(diagnostic.range, toRange(range)));
        const params = {
          ...document,
          range: toRange(range),
          context: { diagnostics: diagnostics.map(({ raw }) => raw), ...(context.only === undefined ? {} : { only: [context.only] }) },
        };
        const read = (result: unknown) => parsed(result, parseCodeAction);
        const client = this.#host.languages.client(kind);
        const asked: Versions = client?.documents.versions ?? new Map();
        const actions = (await ask(client, "codeActionProvider", "textDocument/codeAction", params, read, signal)) ?? [];
        return actions.map((action) => this.#offer({ kind, action, asked }, diagnostics));
      }),
    );
    return { actions: found.flat(), dispose: () => undefined };
  }

  /** Do what was offered. Nobody waits for it: what goes wrong is told. */
  async take(offer: unknown): Promise<void> {
    const origin = typeof offer === "object" && offer !== null ? this.#origins.get(offer) : undefined;
    if (origin === undefined) return;
    const client = this.#host.languages.client(origin.kind);
    try {
      const { edit, command } = isComplete(origin.action) ? origin.action : await resolved(client, origin.action);
      if (edit !== undefined && (await this.#host.applyEdit(origin.kind, { edit, asked: origin.asked })) !== undefined) return;
      // Commands change the text by `workspace/applyEdit`, which the server asks of the client meanwhile.
      if (command !== undefined) await client?.request("workspace/executeCommand", command);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      notify({ kind: "error", message: t("editor.actionFailed", { message: toldPlainly(error.message) }) });
    }
  }

  #offer(origin: Origin, diagnostics: readonly Diagnostic[]): monaco.languages.CodeAction {
    const { action } = origin;
    const offer = {};
    this.#origins.set(offer, origin);
    return {
      title: action.title,
      kind: action.kind === "" ? "quickfix" : action.kind,
      isPreferred: action.preferred,
      diagnostics: diagnostics.map(toMarker),
      command: { id: TAKE, title: action.title, arguments: [offer] },
    };
  }
}

function isComplete({ edit, command }: CodeAction): boolean {
  return edit !== undefined || command !== undefined;
}

/** Some servers compute an edit only once it is wanted. */
async function resolved(client: LanguageClient | undefined, action: CodeAction): Promise<CodeAction> {
  const answer = await client?.request("codeAction/resolve", action.raw);
  return parseCodeAction(answer) ?? action;
}

export function registerCodeActions(host: ProviderHost): monaco.IDisposable[] {
  const actions = new CodeActions(host);
  return [
    monaco.languages.registerCodeActionProvider("python", actions, { providedCodeActionKinds: ["quickfix", "refactor", "source"] }),
    monaco.editor.registerCommand(TAKE, (_accessor: unknown, offer: unknown) => void actions.take(offer)),
  ];
}
