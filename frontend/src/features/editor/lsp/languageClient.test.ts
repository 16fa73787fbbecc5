import { describe, expect, it, vi } from "vitest";

import { isRecord, record, type JsonRecord } from "@/shared/json/json";
import { LanguageClient, type ClientState, type SocketListeners } from "./languageClient";

/** A server and a socket in one: what the client sends is kept, what the test says comes in. */
class FakeServer {
  sent: JsonRecord[] = [];
  reconnects = 0;
  listeners: SocketListeners | undefined;
  states: ClientState[] = [];
  diagnostics: [string, number][] = [];
  applied: unknown[] = [];

  readonly client = new LanguageClient(
    "pyright",
    (listeners) => {
      this.listeners = listeners;
      return {
        send: (message) => {
          const body: unknown = JSON.parse(message);
          if (isRecord(body)) this.sent.push(body);
        },
        reconnect: () => (this.reconnects += 1),
        close: () => undefined,
      };
    },
    {
      onState: (state) => this.states.push(state),
      onDiagnostics: (uri, diagnostics) => this.diagnostics.push([uri, diagnostics.length]),
      onServer: (health) => this.applied.push(health.state),
      onApplyEdit: (proposed) => {
        this.applied.push(proposed);
        return Promise.resolve(proposed.edit.documents.length > 1 ? "They changed." : undefined);
      },
    },
  );

  say(body: JsonRecord): void {
    this.listeners?.onMessage(JSON.stringify({ jsonrpc: "2.0", ...body }));
  }

  last(method: string): JsonRecord {
    return record(this.sent.findLast((message) => message["method"] === method));
  }

  count(method: string): number {
    return this.sent.filter((message) => message["method"] === method).length;
  }

  async becomeReady(capabilities: JsonRecord = {}): Promise<void> {
    this.listeners?.onOpen();
    this.say({ id: this.last("initialize")["id"], result: { capabilities } });
    await vi.waitFor(() => expect(this.client.state).toBe("ready"), { timeout: 60_000 });
  }
}

const document = (uri: string, text = "x = 1\n") => ({ uri, languageId: "python", text: () => text });

describe("LanguageClient", () => {
  it("asks for the status channel and says that positions are UTF-16", async () => {
    const server = new FakeServer();
    await server.becomeReady({ hoverProvider: true, renameProvider: false });
    expect(record(server.last("initialize")["params"])).toMatchObject({
      processId: null,
      initializationOptions: { aimforge: true },
      capabilities: { general: { positionEncodings: ["utf-16"] } },
    });
    expect(server.client.can("hoverProvider")).toBe(true);
    expect(server.client.can("renameProvider")).toBe(false);
    expect(server.states).toEqual(["initializing", "ready"]);
  });

  it("holds documents back until the server is initialized", async () => {
    const server = new FakeServer();
    server.listeners?.onOpen();
    server.client.open(document("file:///workspace/a.py"));
    server.client.change("file:///workspace/a.py", [
      { range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }, text: "y" },
    ]);
    expect(server.count("textDocument/didOpen")).toBe(0);
    server.say({ id: server.last("initialize")["id"], result: { capabilities: {} } });
    await vi.waitFor(() => expect(server.count("textDocument/didOpen")).toBe(1), { timeout: 60_000 });
    expect(server.count("textDocument/didChange")).toBe(0);
  });

  it("opens its documents again, with the text of now, after the connection was lost", async () => {
    const server = new FakeServer();
    let text = "before\n";
    await server.becomeReady();
    server.client.open({ uri: "file:///workspace/a.py", languageId: "python", text: () => text });
    const version = record(record(server.last("textDocument/didOpen")["params"])["textDocument"])["version"];
    server.listeners?.onClose("lost", false);
    expect(server.client.state).toBe("offline");
    text = "typed while away\n";
    await server.becomeReady();
    const reopened = record(record(server.last("textDocument/didOpen")["params"])["textDocument"]);
    expect(reopened["text"]).toBe("typed while away\n");
    expect(Number(reopened["version"])).toBeGreaterThan(Number(version));
  });

  it("ends requests that were under way when the connection goes, and refuses new ones until it is back", async () => {
    const server = new FakeServer();
    await server.becomeReady();
    const hover = server.client.request("textDocument/hover", {});
    server.listeners?.onClose("lost", false);
    await expect(hover).rejects.toMatchObject({ kind: "closed" });
    await expect(server.client.request("textDocument/hover", {})).rejects.toMatchObject({ kind: "closed" });
  });

  it("makes a new connection when the server refuses to initialize", async () => {
    const server = new FakeServer();
    server.listeners?.onOpen();
    server.say({ id: server.last("initialize")["id"], error: { code: -32603, message: "broken" } });
    await vi.waitFor(() => expect(server.reconnects).toBe(1), { timeout: 60_000 });
    expect(server.client.state).toBe("offline");
    await server.becomeReady();
    expect(server.client.state).toBe("ready");
  });

  it("passes diagnostics of open documents on, and drops those of closed ones", async () => {
    const server = new FakeServer();
    await server.becomeReady();
    server.client.open(document("file:///workspace/a.py"));
    const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } };
    const push = (uri: string) =>
      server.say({ method: "textDocument/publishDiagnostics", params: { uri, diagnostics: [{ range, message: "no" }] } });
    push("file:///workspace/a.py");
    push("file:///workspace/other.py");
    server.client.close("file:///workspace/a.py");
    push("file:///workspace/a.py");
    expect(server.diagnostics).toEqual([
      ["file:///workspace/a.py", 1],
      ["file:///workspace/a.py", 0],
    ]);
  });

  it("answers every request of the server: edits, settings, refreshes, and what it does not know", async () => {
    const server = new FakeServer();
    await server.becomeReady();
    server.say({ id: 1, method: "workspace/configuration", params: { items: [{}, {}] } });
    server.say({ id: 2, method: "workspace/diagnostic/refresh" });
    server.say({ id: 3, method: "workspace/applyEdit", params: { edit: { changes: { "file:///workspace/a.py": [] } } } });
    server.say({ id: 4, method: "made/up" });
    server.client.open(document("file:///workspace/a.py"));
    server.say({ id: 5, method: "workspace/applyEdit", params: { edit: { changes: { "file:///workspace/a.py": [], "file:///workspace/b.py": [] } } } });
    await vi.waitFor(() => expect(server.sent.filter((message) => "id" in message && !("method" in message))).toHaveLength(5), {
      timeout: 60_000,
    });
    const answers = new Map(server.sent.map((message) => [message["id"], message]));
    expect(answers.get(1)).toMatchObject({ result: [null, null] });
    expect(answers.get(2)).toMatchObject({ result: null });
    expect(answers.get(3)).toMatchObject({ result: { applied: true } });
    expect(answers.get(4)).toMatchObject({ error: { code: -32601 } });
    expect(answers.get(5)).toMatchObject({ result: { applied: false, failureReason: "They changed." } });
    expect(record(server.applied.at(-1))["asked"]).toEqual(new Map([["file:///workspace/a.py", 1]]));
  });

  it("tells how the server behind the relay is", async () => {
    const server = new FakeServer();
    await server.becomeReady();
    server.say({ method: "aimforge/status", params: { state: "restarting", message: "", retry_in_ms: 2000 } });
    server.say({ method: "aimforge/status", params: { state: "made up" } });
    expect(server.applied).toEqual(["restarting"]);
  });

  it("stays closed when the socket is closed for good", async () => {
    const server = new FakeServer();
    await server.becomeReady();
    server.listeners?.onClose("You may not open this.", true);
    server.listeners?.onClose("again", false);
    expect(server.client.state).toBe("closed");
  });
});
