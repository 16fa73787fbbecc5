import { inject } from "vitest";

/** A node of a project that a test makes; what is left out is as the server has it. */
export interface NodeSpec {
  id: string;
  title: string;
  kind?: "code" | "input" | "result";
  code?: string;
  x?: number;
  y?: number;
  settings?: Record<string, unknown>;
}

export interface GraphSpec {
  nodes?: readonly NodeSpec[];
  /** Pairs of ids; `target:port` names a port. */
  edges?: readonly (readonly [string, string])[];
}

export interface CallOptions {
  method?: string;
  json?: unknown;
  body?: Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
}

/** Ask the server as a program does. */
export async function call(path: string, { method, json, body, headers }: CallOptions = {}): Promise<Response> {
  const content = json === undefined ? body : JSON.stringify(json);
  const response = await fetch(`${inject("address")}${path}`, {
    method: method ?? (content === undefined ? "GET" : "POST"),
    headers: {
      Authorization: `Bearer ${inject("token")}`,
      ...(json === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    ...(content === undefined ? {} : { body: content }),
  });
  if (!response.ok) throw new Error(`${path}: ${String(response.status)} ${await response.text()}`);
  return response;
}

export function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? new Map(Object.entries(value)).get(name) : undefined;
}

async function idOf(response: Response): Promise<string> {
  const id = field(await response.json(), "id");
  if (typeof id !== "string") throw new Error("The server made a project without an id.");
  return id;
}

/** Make a project, and draw a graph into it. */
export async function makeProject(name: string, graph: GraphSpec = {}, template = "empty"): Promise<string> {
  const id = await idOf(await call("/api/project/make", { json: { name, template } }));
  if (graph.nodes !== undefined) await drawGraph(id, graph);
  return id;
}

export async function drawGraph(id: string, { nodes = [], edges = [] }: GraphSpec): Promise<void> {
  const etag = (await call(`/api/project/${id}`)).headers.get("ETag") ?? "";
  const body = {
    nodes: nodes.map((node, index) => ({
      id: node.id,
      title: node.title,
      kind: node.kind ?? "code",
      position: { x: node.x ?? index * 300, y: node.y ?? 0 },
      settings: node.settings ?? {},
    })),
    edges: edges.map(([source, target], index) => {
      const [targetId = "", port = ""] = target.split(":");
      return { id: `e${String(index)}`, source, target: targetId, target_port: port };
    }),
    code: Object.fromEntries(nodes.flatMap((node) => (node.code === undefined ? [] : [[node.id, node.code]]))),
  };
  await call(`/api/project/${id}`, { method: "PUT", json: body, headers: { "If-Match": etag } });
}

export async function deleteProject(id: string): Promise<void> {
  await call(`/api/project/${id}`, { method: "DELETE" });
}

/** Make and save a file of a project's workspace. */
export async function writeFile(id: string, path: string, text: string): Promise<void> {
  const at = `/api/project/${id}/files/content?path=${encodeURIComponent(path)}`;
  await call(at, { method: "PUT", body: new TextEncoder().encode(text) });
}

export async function readFile(id: string, path: string): Promise<string> {
  return (await call(`/api/project/${id}/files/content?path=${encodeURIComponent(path)}`)).text();
}
