/** Quick fixes and refactorings of both servers, in one menu. */

import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { notify } from "@/shared/ui/toasts";
import { parsed } from "@/shared/json/json";
import type { LanguageServerKind } from "@/wire/generated";

import { parseCodeAction, type CodeAction, type Diagnostic, type Range } from "../lsp/protocol";
import { fromWorkspaceEdit, toMarker, toRange } from "./convert";
import { documentOf, signalOf, type ProviderHost } from "./host";
import { ask, KINDS } from "../lsp/languages";
import { monaco } from "./monaco";


const EXECUTE = "aimforge.executeServerCommand";

function touches(a: Range, b: Range): boolean {
  const before = (one: Range, other: Range) =>
    one.end.line < other.start.line || (one.end.line === other.start.line && one.end.character < other.start.character);
  return !before(a, b) && !before(b, a);
}

interface Origin {
  readonly kind: LanguageServerKind;
  readonly action: CodeAction;
}

class CodeActions implements monaco.languages.CodeActionProvider {
  readonly #host: ProviderHost;
  readonly #origins = new WeakMap<monaco.languages.CodeAction, Origin>();

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
        const actions = (await ask(client, "codeActionProvider", "textDocument/codeAction", params, read, signal)) ?? [];
        return actions.map((action) => this.#offer({ kind, action }, diagnostics));
      }),
    );
    const actions = found.flat();
    const uris = actions.flatMap(({ edit }) => edit?.edits ?? []).flatMap((one) => ("textEdit" in one ? [one.resource] : []));
    await this.#host.ensureModels(uris);
    return { actions, dispose: () => undefined };
  }

  async resolveCodeAction(offered: monaco.languages.CodeAction, token: monaco.CancellationToken): Promise<monaco.languages.CodeAction> {
    const origin = this.#origins.get(offered);
    if (origin === undefined || origin.action.edit !== undefined || origin.action.command !== undefined) return offered;
    const client = this.#host.languages.client(origin.kind);
    const resolved = await ask(client, "codeActionProvider", "codeAction/resolve", origin.action.raw, parseCodeAction, signalOf(token));
    if (resolved?.edit !== undefined) offered.edit = fromWorkspaceEdit(resolved.edit);
    return offered;
  }

  #offer(origin: Origin, diagnostics: readonly Diagnostic[]): monaco.languages.CodeAction {
    const { action, kind } = origin;
    const offered: monaco.languages.CodeAction = {
      title: action.title,
      kind: action.kind === "" ? "quickfix" : action.kind,
      isPreferred: action.preferred,
      diagnostics: diagnostics.map(toMarker),
      ...(action.edit === undefined ? {} : { edit: fromWorkspaceEdit(action.edit) }),
    };
    if (action.command !== undefined) {
      const { command, arguments: values } = action.command;
      offered.command = { id: EXECUTE, title: action.title, arguments: [kind, command, values] };
    }
    this.#origins.set(offered, origin);
    return offered;
  }
}

/** Commands change the text by `workspace/applyEdit`, which the server asks of the client meanwhile. */
function execute(host: ProviderHost, kind: unknown, command: unknown, values: unknown): void {
  const client = host.languages.client(kind === "ruff" ? "ruff" : "pyright");
  client?.request("workspace/executeCommand", { command, arguments: values }).catch((error: unknown) => {
    notify({ kind: "error", message: t("editor.actionFailed", { message: messageOf(error) }) });
  });
}

export function registerCodeActions(host: ProviderHost): monaco.IDisposable[] {
  return [
    monaco.languages.registerCodeActionProvider("python", new CodeActions(host), {
      providedCodeActionKinds: ["quickfix", "refactor", "source"],
    }),
    monaco.editor.registerCommand(EXECUTE, (_accessor: unknown, kind: unknown, command: unknown, values: unknown) => {
      execute(host, kind, command, values);
    }),
  ];
}
