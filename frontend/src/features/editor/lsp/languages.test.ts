import { describe, expect, it } from "vitest";
import type { LanguageServerKind } from "@/wire/generated";
import { LanguageClient, type ClientListeners, type SocketListeners } from "./languageClient";
import { ask, Languages } from "./languages";
import { CONTENT_MODIFIED } from "./rpcSession";

/** A server on the other end of a socket, played by hand. */
class Server {
  listeners: SocketListeners | undefined;
  readonly asked: { id: number; method: string }[] = [];

  connect = (_project: string, kind: LanguageServerKind, listeners: ClientListeners) =>
    new LanguageClient(
      kind,
      (socket) => {
        if (kind === "pyright") this.listeners = socket;
        return {
          send: (text) => this.take(text),
          reconnect: () => undefined,
          close: () => undefined,
        };
      },
      listeners,
    );

  take(message: string): void {
    const found = /"id":(\d+),"method":"([^"]+)"/.exec(message);
    if (found !== null) this.asked.push({ id: Number(found[1]), method: found[2] ?? "" });
  }

  answer(body: Record<string, unknown>): void {
    const last = this.asked.at(-1);
    if (last !== undefined) this.listeners?.onMessage(JSON.stringify({ jsonrpc: "2.0", id: last.id, ...body }));
  }

  async start(): Promise<void> {
    this.listeners?.onOpen();
    this.answer({ result: { capabilities: { completionProvider: {} } } });
    await Promise.resolve();
  }
}

const forEver = () => new AbortController().signal;

describe("waiting for a server", () => {
  it("ends when it is ready, and at once when it is already", async () => {
    const server = new Server();
    const languages = new Languages("p", server.connect);
    const waited = languages.ready("pyright", forEver());
    await server.start();
    expect((await waited)?.state).toBe("ready");
    expect((await languages.ready("pyright", forEver()))?.state).toBe("ready");
  });

  it("ends without one when nobody waits any more, when it took too long, and when it is gone for good", async () => {
    const server = new Server();
    const languages = new Languages("p", server.connect);
    const leaving = new AbortController();
    const left = languages.ready("pyright", leaving.signal);
    leaving.abort();
    expect(await left).toBeUndefined();
    expect(await languages.ready("pyright", forEver(), 1)).toBeUndefined();
    const gone = languages.ready("pyright", forEver());
    server.listeners?.onClose("The sandbox was deleted.", true);
    expect(await gone).toBeUndefined();
  });
});

describe("asking", () => {
  const read = (value: unknown) => value;

  it("asks again when the text changed under the server, but not for ever", async () => {
    const server = new Server();
    const languages = new Languages("p", server.connect);
    await server.start();
    const client = languages.client("pyright");
    const overtaken = { error: { code: CONTENT_MODIFIED, message: "content modified" } };
    const found = ask(client, "completionProvider", "textDocument/completion", {}, read);
    server.answer(overtaken);
    await new Promise((resolve) => setTimeout(resolve));
    server.answer({ result: "list" });
    expect(await found).toBe("list");

    const never = ask(client, "completionProvider", "textDocument/completion", {}, read);
    const before = server.asked.length;
    for (let round = 0; round < 8; round += 1) {
      server.answer(overtaken);
      await new Promise((resolve) => setTimeout(resolve));
    }
    expect(await never).toBeUndefined();
    expect(server.asked.length - before).toBeLessThan(5);
  });
});
