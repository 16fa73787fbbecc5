import type { Graph } from "@/shared/project/document";
import type { Edge, Node, Output, Port } from "@/wire/generated";

/** Values for tests: only what a test is about is given. */
export function port(name: string, type = ""): Port {
  return { name, type, required: false };
}

export function node(id: string, given: Partial<Node> = {}): Node {
  return {
    id,
    title: id,
    kind: "code",
    position: { x: 0, y: 0 },
    file: `nodes/${id}.py`,
    settings: {},
    description: "",
    cache: "auto",
    group: "",
    size: null,
    timeout_sec: null,
    files: [],
    legacy: false,
    ports: { inputs: [port("input_data")], outputs: [port("output")], settings: [], merges: true, error: "" },
    ...given,
  };
}

export function edge(source: string, target: string, given: Partial<Edge> = {}): Edge {
  return { id: `${source}-${target}`, source, target, source_port: "output", target_port: "input_data", broken: "", ...given };
}

export function graph(nodes: readonly Node[], edges: readonly Edge[] = []): Graph {
  return {
    nodes: new Map(nodes.map((item) => [item.id, item])),
    edges: new Map(edges.map((item) => [item.id, item])),
  };
}

export function output(mime: Record<string, unknown>, given: Partial<Output> = {}): Output {
  return { type: "builtins.str", mime, size: 10, truncated: false, note: "", ...given };
}
