/** The language clients of a project: one for the Python server, one for ruff, and what they say about each file. */

import { withQuery } from "@/shared/api/request";
import { useLive } from "@/shared/live/liveStore";
import { ReconnectingSocket } from "@/shared/socket/reconnectingSocket";
import { CLOSE_CODES, type LanguageServerHealth, type LanguageServerKind } from "@/wire/generated";

import { LanguageClient, type ClientListeners } from "./languageClient";
import { CONTENT_MODIFIED, REQUEST_CANCELLED, RpcError } from "./rpcSession";
import type { ProposedEdit } from "./proposedEdit";
import type { Diagnostic } from "./protocol";

export const KINDS: readonly LanguageServerKind[] = ["pyright", "ruff"];

/** A list of completions that somebody asked for waits as long as a cold server takes. */
const READY_WITHIN_MS = 30_000;

export interface LanguagesListeners {
  onDiagnostics(kind: LanguageServerKind, uri: string, diagnostics: readonly Diagnostic[]): void;
  /** A server changes texts. Resolves to why they were not changed; undefined: they were. */
  onApplyEdit(kind: LanguageServerKind, proposed: ProposedEdit): Promise<string | undefined>;
}

/** Codes after which asking again changes nothing by itself. */
const FINAL: ReadonlySet<number> = new Set([
  CLOSE_CODES.UNAUTHENTICATED,
  CLOSE_CODES.FORBIDDEN,
  CLOSE_CODES.NOT_FOUND,
  CLOSE_CODES.REVOKED,
  CLOSE_CODES.SANDBOX_DELETED,
  CLOSE_CODES.SANDBOX_STOPPED,
  CLOSE_CODES.SANDBOX_STOPPED_BY_USER,
  CLOSE_CODES.SANDBOX_STOPPED_BY_ADMIN,
  CLOSE_CODES.SANDBOX_EVICTED,
  CLOSE_CODES.SANDBOX_TOO_OLD,
  CLOSE_CODES.LANGUAGE_SERVER_GAVE_UP,
]);

function tellServer(health: LanguageServerHealth): void {
  useLive.setState((state) => ({ servers: new Map(state.servers).set(health.kind, health) }));
}

function connect(projectId: string, kind: LanguageServerKind, listeners: ClientListeners): LanguageClient {
  return new LanguageClient(kind, (socketListeners) => {
    const socket = new ReconnectingSocket({
      url: () => withQuery(`/api/lsp/${kind}`, { project_id: projectId }),
      onMessage: (data) => {
        if (typeof data === "string") socketListeners.onMessage(data);
      },
      onState: (state) => {
        switch (state.status) {
          case "open":
            socketListeners.onOpen();
            break;
          case "waiting":
          case "closed":
            socketListeners.onClose(state.message, state.status === "closed");
            break;
          case "connecting":
            break;
        }
      },
      // A stopped sandbox starts again when somebody works with it, and typing is work.
      mayRetry: (code) => !FINAL.has(code),
    });
    return { send: (message) => void socket.send(message), reconnect: () => socket.restart(), close: () => socket.dispose() };
  }, listeners);
}

export class Languages {
  readonly clients: ReadonlyMap<LanguageServerKind, LanguageClient>;
  readonly #diagnostics = new Map<string, readonly Diagnostic[]>();
  readonly #waiting = new Set<() => void>();
  #listeners: LanguagesListeners | undefined;

  /** Connects at once: the servers get ready while the editor is still on its way. */
  constructor(projectId: string, connectTo = connect) {
    this.clients = new Map(
      KINDS.map((kind) => [
        kind,
        connectTo(projectId, kind, {
          onState: () => this.#waiting.forEach((look) => look()),
          onServer: tellServer,
          onApplyEdit: (proposed) => this.#listeners?.onApplyEdit(kind, proposed) ?? Promise.resolve("Nothing is open."),
          onDiagnostics: (uri, diagnostics) => {
            this.#diagnostics.set(`${kind} ${uri}`, diagnostics);
            this.#listeners?.onDiagnostics(kind, uri, diagnostics);
          },
        }),
      ]),
    );
  }

  /** Who shows what the servers say. Nothing is said of documents before one is opened. */
  listen(listeners: LanguagesListeners): void {
    this.#listeners = listeners;
  }

  /** The client once its server is ready. Undefined when that is not to be, takes too long, or nobody waits any more. */
  ready(kind: LanguageServerKind, signal: AbortSignal, withinMs = READY_WITHIN_MS): Promise<LanguageClient | undefined> {
    const client = this.clients.get(kind);
    return new Promise((resolve) => {
      const end = (found: LanguageClient | undefined) => {
        this.#waiting.delete(look);
        clearTimeout(timer);
        signal.removeEventListener("abort", give);
        resolve(found);
      };
      const give = () => end(undefined);
      const look = () => {
        if (client?.state === "ready") end(client);
        else if (client === undefined || client.state === "closed") end(undefined);
      };
      const timer = setTimeout(give, withinMs);
      signal.addEventListener("abort", give);
      this.#waiting.add(look);
      if (signal.aborted) give();
      else look();
    });
  }

  client(kind: LanguageServerKind): LanguageClient | undefined {
    return this.clients.get(kind);
  }

  diagnostics(kind: LanguageServerKind, uri: string): readonly Diagnostic[] {
    return this.#diagnostics.get(`${kind} ${uri}`) ?? [];
  }

  /** Calls each client, whatever its state: documents are remembered for when it is ready. */
  each(action: (client: LanguageClient) => void): void {
    for (const client of this.clients.values()) action(client);
  }

  dispose(): void {
    this.each((client) => client.dispose());
  }
}

/** A request whose failure leaves the editor as it is: not ready, cancelled, too slow, or nothing to say. */
export async function ask<T>(
  client: LanguageClient | undefined,
  provider: string,
  method: string,
  params: unknown,
  read: (result: unknown) => T,
  signal?: AbortSignal,
): Promise<T | undefined> {
  for (let attempt = 1; client?.can(provider) === true; attempt += 1) {
    try {
      return read(await client.request(method, params, signal === undefined ? {} : { signal }));
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      if (!OVERTAKEN.has(error.code) || signal?.aborted === true || attempt === ATTEMPTS) return undefined;
    }
  }
  return undefined;
}

/** The server gave a question up because the text, or a package, changed under it; whoever asked still wants to know. */
const OVERTAKEN: ReadonlySet<number> = new Set([CONTENT_MODIFIED, REQUEST_CANCELLED]);
const ATTEMPTS = 4;
