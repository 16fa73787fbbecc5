/**
 * JSON-RPC 2.0 over one connection: ids, deadlines, cancellation, and an answer to each request of the other side.
 * It knows nothing of sockets: text goes out through `send` and comes in through `receive`. A session lives as long
 * as its connection; a new connection gets a new session.
 */

import { isRecord, number, text } from "@/shared/json/json";

export const METHOD_NOT_FOUND = -32601;
export const INVALID_REQUEST = -32600;
export const INTERNAL_ERROR = -32603;
export const CONTENT_MODIFIED = -32801;
export const REQUEST_CANCELLED = -32800;

/** Why a request got no result. `code` is that of JSON-RPC where `kind` is `answered`. */
export class RpcError extends Error {
  readonly kind: "answered" | "timed_out" | "cancelled" | "closed";
  readonly code: number;

  constructor(kind: RpcError["kind"], message: string, code = 0) {
    super(message);
    this.name = "RpcError";
    this.kind = kind;
    this.code = code;
  }
}

export interface RpcHandlers {
  send(message: string): void;
  onNotification(method: string, params: unknown): void;
  /** The result of a request of the server. Throw `RpcError` with `METHOD_NOT_FOUND` for what is not known. */
  onRequest(method: string, params: unknown): unknown;
}

export interface RequestOptions {
  /** Milliseconds until the request is given up and cancelled. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: RpcError) => void;
}

const DEFAULT_TIMEOUT_MS = 20_000;

export class RpcSession {
  #nextId = 1;
  #closed = false;
  readonly #pending = new Map<number, Pending>();
  readonly #handlers: RpcHandlers;

  constructor(handlers: RpcHandlers) {
    this.#handlers = handlers;
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  notify(method: string, params: unknown): void {
    if (!this.#closed) this.#handlers.send(JSON.stringify({ jsonrpc: "2.0", method, params }));
  }

  request(method: string, params: unknown, options: RequestOptions = {}): Promise<unknown> {
    if (this.#closed) return Promise.reject(new RpcError("closed", `${method}: the connection is closed`));
    if (options.signal?.aborted === true) return Promise.reject(new RpcError("cancelled", `${method} was cancelled`));
    return new Promise((resolve, reject) => this.#start(method, params, options, { resolve, reject }));
  }

  /** Takes one message. What is no JSON-RPC is dropped: the relay has checked it, and there is nobody to tell. */
  receive(message: string): void {
    let body: unknown;
    try {
      body = JSON.parse(message);
    } catch (error) {
      if (error instanceof SyntaxError) return;
      throw error;
    }
    if (!isRecord(body)) return;
    const { id, method } = body;
    if (typeof method === "string") {
      if (typeof id === "number" || typeof id === "string") this.#answer(id, method, body["params"]);
      else this.#handlers.onNotification(method, body["params"]);
      return;
    }
    if (typeof id !== "number") return;
    // An answer may come after its request was cancelled or timed out: nobody waits for it then.
    const waiting = this.#settle(id);
    if (waiting === undefined) return;
    if (isRecord(body["error"])) {
      waiting.reject(new RpcError("answered", text(body["error"]["message"]), number(body["error"]["code"])));
    } else {
      waiting.resolve(body["result"] ?? null);
    }
  }

  /** Ends the session: whoever waits is told, and nothing is sent any more. */
  close(reason: string): void {
    this.#closed = true;
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(new RpcError("closed", reason));
  }

  #start(method: string, params: unknown, options: RequestOptions, waiter: Pending): void {
    const id = this.#nextId++;
    const giveUp = (error: RpcError) => {
      if (!this.#pending.has(id)) return;
      this.notify("$/cancelRequest", { id });
      this.#settle(id)?.reject(error);
    };
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const timer = setTimeout(() => {
      giveUp(new RpcError("timed_out", `${method} took longer than ${String(timeoutMs)} ms`));
    }, timeoutMs);
    const abort = () => {
      giveUp(new RpcError("cancelled", `${method} was cancelled`));
    };
    options.signal?.addEventListener("abort", abort, { once: true });
    const done = () => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", abort);
    };
    this.#pending.set(id, {
      resolve: (result) => {
        done();
        waiter.resolve(result);
      },
      reject: (error) => {
        done();
        waiter.reject(error);
      },
    });
    this.#handlers.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
  }

  #settle(id: number): Pending | undefined {
    const waiting = this.#pending.get(id);
    this.#pending.delete(id);
    return waiting;
  }

  #answer(id: number | string, method: string, params: unknown): void {
    const reply = (body: Record<string, unknown>) => {
      if (!this.#closed) this.#handlers.send(JSON.stringify({ jsonrpc: "2.0", id, ...body }));
    };
    const refuse = (error: unknown) => {
      const code = error instanceof RpcError && error.code !== 0 ? error.code : INTERNAL_ERROR;
      reply({ error: { code, message: error instanceof Error ? error.message : `${method} failed` } });
    };
    // Inside `then`, so that a handler that throws at once answers like one that rejects later.
    void Promise.resolve()
      .then(() => this.#handlers.onRequest(method, params))
      .then((result) => {
        reply({ result: result ?? null });
      }, refuse);
  }
}
