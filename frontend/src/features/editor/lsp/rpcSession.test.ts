import { describe, expect, it, vi } from "vitest";

import { record, type JsonRecord } from "@/shared/json/json";

import { METHOD_NOT_FOUND, RpcError, RpcSession } from "./rpcSession";

function session(onRequest: (method: string, params: unknown) => unknown = () => null) {
  const sent: JsonRecord[] = [];
  const notified: [string, unknown][] = [];
  const rpc = new RpcSession({
    send: (message) => {
      const body: unknown = JSON.parse(message);
      sent.push(record(body));
    },
    onNotification: (method, params) => notified.push([method, params]),
    onRequest,
  });
  return { rpc, sent, notified };
}

const answer = (id: unknown, result: unknown) => JSON.stringify({ jsonrpc: "2.0", id, result });

describe("RpcSession", () => {
  it("gives each answer to its own request, whatever the order", async () => {
    const { rpc, sent } = session();
    const first = rpc.request("a", {});
    const second = rpc.request("b", {});
    rpc.receive(answer(sent[1]?.["id"], "of b"));
    rpc.receive(answer(sent[0]?.["id"], "of a"));
    expect(await first).toBe("of a");
    expect(await second).toBe("of b");
    expect(rpc.pendingCount).toBe(0);
  });

  it("rejects with the server's code and words", async () => {
    const { rpc, sent } = session();
    const request = rpc.request("a", {});
    rpc.receive(JSON.stringify({ jsonrpc: "2.0", id: sent[0]?.["id"], error: { code: -32801, message: "modified" } }));
    await expect(request).rejects.toMatchObject({ kind: "answered", code: -32801, message: "modified" });
  });

  it("tells the server when a request is cancelled, and drops its late answer", async () => {
    const { rpc, sent } = session();
    const stop = new AbortController();
    const request = rpc.request("slow", {}, { signal: stop.signal });
    stop.abort();
    await expect(request).rejects.toMatchObject({ kind: "cancelled" });
    expect(sent[1]).toMatchObject({ method: "$/cancelRequest", params: { id: sent[0]?.["id"] } });
    rpc.receive(answer(sent[0]?.["id"], "late"));
    expect(rpc.pendingCount).toBe(0);
  });

  it("sends nothing for a request that is cancelled before it starts", async () => {
    const { rpc, sent } = session();
    await expect(rpc.request("a", {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({ kind: "cancelled" });
    expect(sent).toEqual([]);
  });

  it("gives a request up at its deadline", async () => {
    vi.useFakeTimers();
    const { rpc, sent } = session();
    const request = rpc.request("slow", {}, { timeoutMs: 500 });
    vi.advanceTimersByTime(500);
    await expect(request).rejects.toMatchObject({ kind: "timed_out" });
    expect(sent.at(-1)).toMatchObject({ method: "$/cancelRequest" });
    vi.useRealTimers();
  });

  it("answers requests of the server with their own id, and refuses unknown ones", async () => {
    const { rpc, sent } = session((method) => {
      if (method === "known") return [1];
      throw new RpcError("answered", "no such thing", METHOD_NOT_FOUND);
    });
    rpc.receive(JSON.stringify({ jsonrpc: "2.0", id: "s-1", method: "known" }));
    rpc.receive(JSON.stringify({ jsonrpc: "2.0", id: 2, method: "unknown" }));
    await vi.waitFor(() => expect(sent).toHaveLength(2), { timeout: 60_000 });
    expect(sent[0]).toMatchObject({ id: "s-1", result: [1] });
    expect(sent[1]).toMatchObject({ id: 2, error: { code: METHOD_NOT_FOUND } });
  });

  it("survives what is no JSON-RPC", () => {
    const { rpc, notified } = session();
    for (const junk of ["", "{", "[]", "null", '{"jsonrpc":"2.0"}', '{"id":99,"result":1}', '"text"']) rpc.receive(junk);
    rpc.receive(JSON.stringify({ jsonrpc: "2.0", method: "hello", params: 1 }));
    expect(notified).toEqual([["hello", 1]]);
  });

  it("rejects whoever waits when the connection is lost, and sends nothing after", async () => {
    const { rpc, sent } = session();
    const request = rpc.request("a", {});
    rpc.close("gone");
    await expect(request).rejects.toMatchObject({ kind: "closed", message: "gone" });
    await expect(rpc.request("b", {})).rejects.toMatchObject({ kind: "closed" });
    rpc.notify("c", {});
    expect(sent).toHaveLength(1);
  });
});
