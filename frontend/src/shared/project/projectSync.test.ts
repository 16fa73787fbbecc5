import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { edge, node } from "@/testing/builders";
import type { Edge, Node } from "@/wire/generated";
import { isRecord } from "@/wire/parse";
import type { Edit } from "./document";
import { resetProject, useProject } from "./projectStore";
import { ProjectSync } from "./projectSync";

/** The server's side in memory: as much of the API as saving a graph needs. */
class Server {
  nodes = new Map<string, Node>([["a", node("a")], ["b", node("b")]]);
  edges = new Map<string, Edge>();
  version = 1;
  calls: string[] = [];
  bodies: unknown[] = [];
  refuse: ((call: string) => Response | null) | null = null;

  readonly fetch = (url: string, init?: RequestInit): Promise<Response> => {
    const path = url.replace("/api/project/p", "");
    const call = `${init?.method ?? "GET"} ${path}`;
    this.calls.push(call);
    const refused = this.refuse?.(call);
    if (refused != null) return Promise.resolve(refused);
    const body: unknown = typeof init?.body === "string" ? JSON.parse(init.body) : {};
    if (typeof init?.body === "string") this.bodies.push(body);
    const match = new Headers(init?.headers).get("If-Match");
    return Promise.resolve(this.answer(call, isRecord(body) ? body : {}, match));
  };

  private answer(call: string, body: Record<string, unknown>, match: string | null): Response {
    const id = call.split("/")[2] ?? "";
    if (call === "GET ") return this.structure();
    if (call.endsWith("/code")) return new Response(`source of ${id}`);
    if (call.startsWith("PUT ")) return match === `"${this.version}"` ? this.replace(body) : failure(412, "stale");
    const before = `"${String(this.version)}"`;
    this.version += 1;
    const done = this.step(call, body);
    done.headers.set("Graph-ETag-Before", before);
    done.headers.set("Graph-ETag", `"${String(this.version)}"`);
    return done;
  }

  private step(call: string, body: Record<string, unknown>): Response {
    const id = call.split("/")[2] ?? "";
    if (call === "POST /nodes") return this.put(node(String(body["id"]), body));
    if (call === "POST /edges") {
      this.edges.set(String(body["id"]), edge(String(body["source"]), String(body["target"]), { id: String(body["id"]) }));
      return new Response(null, { status: 201 });
    }
    if (call.startsWith("PATCH /nodes/")) return this.put({ ...(this.nodes.get(id) ?? node(id)), ...body });
    if (call.startsWith("DELETE /nodes/")) this.nodes.delete(id);
    if (call.startsWith("DELETE /edges/")) this.edges.delete(id);
    return new Response(null, { status: 204 });
  }

  private put(value: Node): Response {
    this.nodes.set(value.id, value);
    return Response.json(value);
  }

  private replace(body: Record<string, unknown>): Response {
    const { nodes } = body;
    if (Array.isArray(nodes)) this.nodes = new Map(nodes.map((item: Node) => [item.id, item]));
    this.version += 1;
    return this.structure();
  }

  private structure(): Response {
    const project = { name: "P", nodes: [...this.nodes.values()], edges: [...this.edges.values()] };
    return Response.json(project, { headers: { ETag: `"${this.version}"` } });
  }
}

function failure(status: number, error: string): Response {
  return Response.json({ error, message: `refused: ${error}` }, { status });
}

function edit(nodes: Edit["nodes"], edges: Edit["edges"] = new Map()): Edit {
  return { label: "", nodes, edges, code: new Map() };
}

function renamed(id: string, title: string): Edit {
  return edit(new Map([[id, { before: node(id), after: { ...node(id), title } }]]));
}

let server: Server;
let sync: ProjectSync;
let refused: Edit[];

beforeEach(async () => {
  server = new Server();
  refused = [];
  vi.stubGlobal("fetch", server.fetch);
  resetProject("p");
  sync = new ProjectSync("p", (step) => refused.push(step));
  sync.refresh();
  await vi.waitFor(() => expect(useProject.getState().loaded).toBe(true));
  server.calls = [];
});

afterEach(() => {
  sync.dispose();
  vi.unstubAllGlobals();
});

function settled(): Promise<void> {
  return vi.waitFor(() => expect(useProject.getState().pending).toHaveLength(0), { timeout: 30_000 });
}

describe("saving", () => {
  it("shows a step at once and sends only what it changed", async () => {
    sync.submit(renamed("a", "New"));
    expect(useProject.getState().nodes.get("a")?.title).toBe("New");
    await settled();
    expect(server.calls).toEqual(["PATCH /nodes/a"]);
    expect(server.nodes.get("a")?.title).toBe("New");
  });

  it("clears a limit and a size with null, and sends a limit that is given", async () => {
    const plain = node("a");
    const bounded = { ...plain, timeout_sec: 5, size: { width: 300, height: 200 } };
    sync.submit(edit(new Map([["a", { before: plain, after: bounded }]])));
    await settled();
    expect(server.bodies).toEqual([{ timeout_sec: 5, size: { width: 300, height: 200 } }]);
    sync.submit(edit(new Map([["a", { before: bounded, after: plain }]])));
    await settled();
    expect(server.bodies.at(-1)).toEqual({ timeout_sec: null, size: null });
    expect(useProject.getState().nodes.get("a")).toEqual(plain);
  });

  it("does not read again what it saved itself, whether that is told before the answer or after", async () => {
    sync.submit(renamed("a", "New"));
    sync.announced('"2"');
    await sync.settled();
    expect(server.calls).toEqual(["PATCH /nodes/a"]);
    server.calls = [];
    for (const title of ["One", "Two"]) sync.submit(renamed("b", title));
    sync.announced('"3"');
    await settled();
    sync.announced('"4"');
    await sync.settled();
    expect(server.calls).toEqual(["PATCH /nodes/b", "PATCH /nodes/b"]);
    expect(useProject.getState().etag).toBe('"4"');
    // What was typed elsewhere is told with the tag that is known.
    sync.announced('"4"');
    await sync.settled();
    expect(server.calls.at(-1)).toBe("GET ");
  });

  describe("beside a source that is saved", () => {
    /** The server's answer to a source, when the test wants it: with the graph's tag if only the node's ports changed. */
    function source(alone: boolean): { saved: Promise<Response>; answer: () => void } {
      let answer: () => void = () => undefined;
      const saved = sync.saveSource(
        () =>
          new Promise((resolve) => {
            answer = () => resolve(new Response("{}", { headers: alone ? { "Graph-ETag": `"${String(server.version)}"` } : {} }));
          }),
      );
      return { saved, answer };
    }

    it("does not read again that ports changed which its answer has, whether that is told before or after", async () => {
      const first = source(true);
      sync.announced('"1"');
      first.answer();
      await first.saved;
      await sync.settled();
      const second = source(true);
      second.answer();
      await second.saved;
      sync.announced('"1"');
      await sync.settled();
      expect(server.calls).toEqual([]);
      // The next one is somebody else's.
      sync.announced('"1"');
      await sync.settled();
      expect(server.calls).toEqual(["GET "]);
    });

    it("reads again what more than ports changed, and what failed", async () => {
      const marks = source(false);
      sync.announced('"1"');
      marks.answer();
      await marks.saved;
      await sync.settled();
      expect(server.calls).toEqual(["GET "]);
      sync.announced('"1"');
      await expect(sync.saveSource(() => Promise.reject(new Error("away")))).rejects.toThrow("away");
      await sync.settled();
      expect(server.calls).toEqual(["GET ", "GET "]);
    });

    it("reads again after a step that was saved at the same time, whose answer may be of before", async () => {
      const { saved, answer } = source(true);
      sync.submit(renamed("a", "New"));
      await vi.waitFor(() => expect(server.calls).toContain("PATCH /nodes/a"));
      answer();
      await saved;
      await sync.settled();
      expect(server.calls).toEqual(["PATCH /nodes/a", "GET "]);
    });
  });

  it("reads what somebody else saved between two of its steps, and does not take their graph for its own", async () => {
    sync.submit(renamed("a", "Mine"));
    await settled();
    server.nodes.set("theirs", node("theirs"));
    server.version += 1;
    server.calls = [];
    sync.submit(renamed("b", "Mine too"));
    await sync.settled();
    await vi.waitFor(() => expect(useProject.getState().nodes.has("theirs")).toBe(true));
    expect(server.calls).toEqual(["PATCH /nodes/b", "GET "]);
    expect(useProject.getState().etag).toBe(`"${String(server.version)}"`);
  });

  it("does not read again the graph that it sent as a whole", async () => {
    const many = Array.from({ length: 10 }, (_, index) => node(`n${String(index)}`));
    sync.submit(edit(new Map(many.map((item) => [item.id, { before: null, after: item }]))));
    await settled();
    sync.announced('"2"');
    await sync.settled();
    expect(server.calls).toEqual(["PUT "]);
  });

  it("keeps the source of what is deleted, so that undo can bring it back", async () => {
    const step = edit(new Map([["a", { before: node("a"), after: null }]]));
    sync.submit(step);
    await settled();
    expect(step.code.get("a")).toBe("source of a");
    expect(server.nodes.has("a")).toBe(false);
  });

  it("sends many changes as one graph, on top of what somebody else saved meanwhile", async () => {
    server.nodes.set("theirs", node("theirs"));
    server.version += 1;
    const many = Array.from({ length: 10 }, (_, index) => node(`n${String(index)}`));
    sync.submit(edit(new Map(many.map((item) => [item.id, { before: null, after: item }]))));
    await settled();
    expect(server.calls.filter((call) => call.startsWith("PUT"))).toHaveLength(2);
    expect(server.nodes.size).toBe(13);
    expect(useProject.getState().nodes.has("theirs")).toBe(true);
  });

  it("takes a refused step back, and tells the history", async () => {
    server.refuse = (call) => (call.startsWith("PATCH") ? failure(422, "invalid") : null);
    const step = renamed("a", "b");
    sync.submit(step);
    await vi.waitFor(() => expect(refused).toEqual([step]));
    expect(useProject.getState().nodes.get("a")?.title).toBe("a");
  });

  it("waits while the server is away, and loses nothing", async () => {
    let failures = 1;
    server.refuse = () => (failures-- > 0 ? failure(503, "unavailable") : null);
    sync.submit(renamed("a", "Kept"));
    await vi.waitFor(() => expect(server.calls).toHaveLength(1));
    expect(useProject.getState().nodes.get("a")?.title).toBe("Kept");
    window.dispatchEvent(new Event("online"));
    await settled();
    expect(server.nodes.get("a")?.title).toBe("Kept");
  });

  it("asks ever more seldom while the server cannot start the sandbox, and at once when somebody wants it", async () => {
    vi.useFakeTimers();
    try {
      server.refuse = () => failure(503, "unavailable");
      sync.refresh();
      await vi.advanceTimersByTimeAsync(120_000);
      expect(server.calls.length).toBeGreaterThan(3);
      expect(server.calls.length).toBeLessThan(10);
      server.refuse = null;
      server.calls = [];
      sync.retryNow();
      await vi.advanceTimersByTimeAsync(100);
      expect(server.calls).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it("keeps steps in order: a node before its wire", async () => {
    sync.submit(edit(new Map([["c", { before: null, after: node("c") }]])));
    sync.submit(edit(new Map(), new Map([["a-c", { before: null, after: edge("a", "c") }]])));
    await settled();
    expect(server.calls).toEqual(["POST /nodes", "POST /edges"]);
    expect(useProject.getState().edges.has("a-c")).toBe(true);
  });

  it("shows what others saved, with our unsaved step on top", async () => {
    server.nodes.set("a", { ...node("a"), description: "theirs" });
    sync.refresh();
    sync.submit(renamed("a", "Mine"));
    await settled();
    expect(useProject.getState().nodes.get("a")).toMatchObject({ title: "Mine", description: "theirs" });
  });

  it("waits until a step is saved before it says so", async () => {
    sync.submit(edit(new Map([["c", { before: null, after: node("c") }]])));
    await sync.settled();
    expect(server.nodes.has("c")).toBe(true);
    await sync.settled();
  });

  it("does not wait for ever", async () => {
    server.refuse = (call) => (call.startsWith("POST") ? failure(503, "unavailable") : null);
    sync.submit(edit(new Map([["c", { before: null, after: node("c") }]])));
    await expect(sync.settled(5)).rejects.toThrow(/not saved/);
  });

  it("makes a group before what lies in it, and removes it after", async () => {
    const inside = node("in", { group: "g" });
    const group = node("g", { kind: "group" });
    sync.submit(edit(new Map([["in", { before: null, after: inside }], ["g", { before: null, after: group }]])));
    await sync.settled();
    expect([...server.nodes.keys()]).toEqual(["a", "b", "g", "in"]);
    sync.submit(edit(new Map([["g", { before: group, after: null }], ["in", { before: inside, after: null }]])));
    await sync.settled();
    expect(server.calls.filter((call) => call.startsWith("DELETE"))).toEqual(["DELETE /nodes/in", "DELETE /nodes/g"]);
  });
});
