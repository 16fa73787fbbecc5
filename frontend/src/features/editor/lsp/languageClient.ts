/**
 * A language client without an editor: one server, one socket that reconnects, the documents that are open.
 *
 *     offline ──socket opens──▶ initializing ──initialize answered──▶ ready
 *        ▲                            │                                │
 *        └──────────── socket lost ───┴────────────────────────────────┘         any ──closed for good──▶ closed
 *
 * Documents may be opened and changed in every state. A server that comes back is told all of them.
 */

import type { LanguageServerHealth, LanguageServerKind } from "@/wire/generated";

import { list, record, text, type JsonRecord } from "@/shared/json/json";
import { OpenDocuments, type OpenDocument } from "./openDocuments";
import type { ProposedEdit } from "./proposedEdit";
import { parseDiagnostics, parseWorkspaceEdit, type Diagnostic } from "./protocol";
import { METHOD_NOT_FOUND, RpcError, RpcSession, type RequestOptions } from "./rpcSession";
import { parseServerStatus } from "./serverStatus";
import type { Change } from "./textEdits";
import { WORKSPACE_URI } from "./workspaceUri";

export type ClientState = "offline" | "initializing" | "ready" | "closed";

/** What the client needs of its socket. `src/shared/socket` reconnects it; this client starts anew at each opening. */
export interface ClientSocket {
  send(message: string): void;
  /** Drop this connection and make a new one: the server on it does not answer as it should. */
  reconnect(): void;
  close(): void;
}

export interface SocketListeners {
  onOpen(): void;
  onMessage(message: string): void;
  /** `final` when nobody tries again. */
  onClose(reason: string, final: boolean): void;
}

export interface ClientListeners {
  onState(state: ClientState): void;
  onDiagnostics(uri: string, diagnostics: readonly Diagnostic[]): void;
  onServer(health: LanguageServerHealth): void;
  /** Resolves to why it was not applied; undefined: it was. */
  onApplyEdit(proposed: ProposedEdit): Promise<string | undefined>;
}

const CAPABILITIES = {
  general: { positionEncodings: ["utf-16"] },
  workspace: { applyEdit: true, workspaceEdit: { documentChanges: true }, configuration: true, workspaceFolders: true },
  textDocument: {
    synchronization: { didSave: true },
    publishDiagnostics: { relatedInformation: true, tagSupport: { valueSet: [1, 2] }, codeDescriptionSupport: true },
    completion: {
      contextSupport: true,
      completionItem: {
        snippetSupport: true,
        commitCharactersSupport: true,
        documentationFormat: ["markdown", "plaintext"],
        deprecatedSupport: true,
        labelDetailsSupport: true,
        resolveSupport: { properties: ["documentation", "detail", "additionalTextEdits"] },
      },
    },
    hover: { contentFormat: ["markdown", "plaintext"] },
    signatureHelp: {
      contextSupport: true,
      signatureInformation: {
        documentationFormat: ["markdown", "plaintext"],
        activeParameterSupport: true,
        parameterInformation: { labelOffsetSupport: true },
      },
    },
    definition: { linkSupport: true },
    references: {},
    rename: { prepareSupport: true },
    formatting: {},
    codeAction: {
      codeActionLiteralSupport: { codeActionKind: { valueSet: ["quickfix", "refactor", "source"] } },
      isPreferredSupport: true,
      dataSupport: true,
      resolveSupport: { properties: ["edit"] },
    },
  },
};

export class LanguageClient {
  readonly documents = new OpenDocuments();
  readonly #socket: ClientSocket;
  readonly #listeners: ClientListeners;
  #session: RpcSession | undefined;
  #state: ClientState = "offline";
  #capabilities: JsonRecord = {};

  readonly kind: LanguageServerKind;

  constructor(kind: LanguageServerKind, connect: (listeners: SocketListeners) => ClientSocket, listeners: ClientListeners) {
    this.kind = kind;
    this.#listeners = listeners;
    this.#socket = connect({
      onOpen: () => this.#initialize(),
      onMessage: (message) => this.#session?.receive(message),
      onClose: (reason, final) => this.#lost(reason, final ? "closed" : "offline"),
    });
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Whether the server says that it can do this, such as `renameProvider`. False until it is ready. */
  can(provider: string): boolean {
    const value = this.#capabilities[provider];
    return this.#state === "ready" && value !== undefined && value !== null && value !== false;
  }

  get triggerCharacters(): readonly string[] {
    return list(record(this.#capabilities["completionProvider"])["triggerCharacters"]).filter((c) => typeof c === "string");
  }

  /** Rejects at once with `RpcError` of kind `closed` while the server is not ready: an editor goes on without it. */
  request(method: string, params: unknown, options?: RequestOptions): Promise<unknown> {
    if (this.#session === undefined || this.#state !== "ready") {
      return Promise.reject(new RpcError("closed", "The language server is not ready yet."));
    }
    return this.#session.request(method, params, options);
  }

  open(document: OpenDocument): void {
    this.documents.open(document, this.#notify);
  }

  change(uri: string, changes: readonly Change[]): void {
    this.documents.change(uri, changes, this.#notify);
  }

  save(uri: string): void {
    this.documents.save(uri, this.#notify);
  }

  close(uri: string): void {
    this.documents.close(uri, this.#notify);
    this.#listeners.onDiagnostics(uri, []);
  }

  /** Ends the client for good. The relay keeps the server for others, so it is not told to shut down. */
  dispose(): void {
    this.#lost("The editor was closed.", "closed");
    this.#socket.close();
  }

  readonly #notify = (method: string, params: unknown): void => {
    // Before `initialized` a server may be told nothing; `reopen` catches up.
    if (this.#state === "ready") this.#session?.notify(method, params);
  };

  #enter(state: ClientState): void {
    this.#state = state;
    this.#listeners.onState(state);
  }

  #lost(reason: string, state: "offline" | "closed"): void {
    if (this.#state === "closed") return;
    this.#session?.close(reason);
    this.#session = undefined;
    this.#capabilities = {};
    this.#enter(state);
  }

  #initialize(): void {
    this.#session?.close("The connection was replaced.");
    const session = new RpcSession({
      send: (message) => this.#socket.send(message),
      onNotification: (method, params) => this.#onNotification(method, params),
      onRequest: (method, params) => this.#onRequest(method, params),
    });
    this.#session = session;
    this.#enter("initializing");
    const params = {
      processId: null,
      clientInfo: { name: "aimforge-editor" },
      rootUri: WORKSPACE_URI,
      workspaceFolders: [{ uri: WORKSPACE_URI, name: "workspace" }],
      capabilities: CAPABILITIES,
      initializationOptions: { aimforge: true },
    };
    // A server may take long to start (a cold container); the relay answers as soon as it can.
    session.request("initialize", params, { timeoutMs: 120_000 }).then(
      (result) => this.#initialized(session, result),
      (error: unknown) => {
        // A session that ended was followed by another, or by none on purpose.
        if (this.#session !== session || (error instanceof RpcError && error.kind === "closed")) return;
        this.#lost(error instanceof Error ? error.message : "The language server did not start.", "offline");
        this.#socket.reconnect();
      },
    );
  }

  #initialized(session: RpcSession, result: unknown): void {
    if (this.#session !== session) return;
    this.#capabilities = record(record(result)["capabilities"]);
    session.notify("initialized", {});
    this.#enter("ready");
    this.documents.reopen(this.#notify);
  }

  #onNotification(method: string, params: unknown): void {
    if (method === "textDocument/publishDiagnostics") {
      const { uri, diagnostics } = parseDiagnostics(params);
      // A late push for a document that was closed would leave marks that nobody takes away.
      if (this.documents.has(uri)) this.#listeners.onDiagnostics(uri, diagnostics);
    } else if (method === "aimforge/status") {
      const health = parseServerStatus(this.kind, params);
      if (health !== undefined) this.#listeners.onServer(health);
    }
  }

  async #onRequest(method: string, params: unknown): Promise<unknown> {
    switch (method) {
      case "workspace/configuration":
        return list(record(params)["items"]).map(() => null);
      case "workspace/applyEdit": {
        const edit = parseWorkspaceEdit(record(params)["edit"]);
        if (edit === undefined) return { applied: false };
        const failureReason = await this.#listeners.onApplyEdit({ edit, asked: this.documents.versions });
        return failureReason === undefined ? { applied: true } : { applied: false, failureReason };
      }
      case "workspace/workspaceFolders":
        return [{ uri: WORKSPACE_URI, name: "workspace" }];
      case "client/registerCapability":
      case "client/unregisterCapability":
      case "window/workDoneProgress/create":
      case "window/showMessageRequest":
        return null;
      default:
        // Refreshes ask for what this client does not show; pyright ends itself over an error here.
        if (/^workspace\/.+\/refresh$/.test(method)) return null;
        throw new RpcError("answered", `${text(method)} is not supported`, METHOD_NOT_FOUND);
    }
  }
}
