import type { Graph } from "@/shared/project/document";
import type { Edge, Node } from "@/wire/generated";
import { inputPorts, isCollapsed, outputPorts } from "./geometry";

/** Ids reached from a node against or along the edges, without the node itself. */
export function reached(edges: Iterable<Edge>, from: string, direction: "up" | "down"): Set<string> {
  const next = new Map<string, string[]>();
  for (const edge of edges) {
    const [at, to] = direction === "down" ? [edge.source, edge.target] : [edge.target, edge.source];
    next.set(at, [...(next.get(at) ?? []), to]);
  }
  const found = new Set<string>();
  const open = [from];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const other of next.get(id) ?? []) {
      if (found.has(other)) continue;
      found.add(other);
      open.push(other);
    }
  }
  return found;
}

export interface Wire {
  source: string;
  sourcePort: string;
  target: string;
  targetPort: string;
}

export type Refusal = "self" | "cycle" | "taken" | "exists" | "noPort";

/** An edge that names no target port means the first one. */
export function targetPortOf(edge: Edge, target: Node | undefined): string {
  if (edge.target_port !== "" || target === undefined) return edge.target_port;
  return inputPorts(target)[0]?.name ?? "";
}

/** Why two ports cannot be joined; null when they can. `ignoring` is an edge that would go away. */
export function refusal({ nodes, edges }: Graph, wire: Wire, ignoring?: string): Refusal | null {
  const source = nodes.get(wire.source);
  const target = nodes.get(wire.target);
  if (source === undefined || target === undefined) return "noPort";
  if (wire.source === wire.target) return "self";
  if (!inputPorts(target).some((port) => port.name === wire.targetPort)) return "noPort";
  if (!outputPorts(source).some((port) => port.name === wire.sourcePort)) return "noPort";
  const others = [...edges.values()].filter((edge) => edge.id !== ignoring);
  const arriving = others.filter(
    (edge) => edge.target === wire.target && targetPortOf(edge, target) === wire.targetPort,
  );
  if (arriving.some((edge) => edge.source === wire.source && edge.source_port === wire.sourcePort)) return "exists";
  if (arriving.length > 0 && !target.ports.merges) return "taken";
  if (reached(others, wire.target, "down").has(wire.source)) return "cycle";
  return null;
}

export interface PortChoice extends Wire {
  /** Names of node and port, for a list. */
  label: string;
  type: string;
}

/** Every free port that could be joined to this node, for "Connect to…". */
export function connectable(graph: Graph, from: string): PortChoice[] {
  const source = graph.nodes.get(from);
  if (source === undefined) return [];
  const choices: PortChoice[] = [];
  const upstream = reached(graph.edges.values(), from, "up");
  for (const out of outputPorts(source)) {
    for (const target of graph.nodes.values()) {
      if (target.id === from || upstream.has(target.id)) continue;
      for (const port of inputPorts(target)) {
        const wire = { source: from, sourcePort: out.name, target: target.id, targetPort: port.name };
        if (refusal(graph, wire) !== null) continue;
        const label = inputPorts(target).length > 1 ? `${target.title} · ${port.name}` : target.title;
        const named = outputPorts(source).length > 1 ? `${out.name} → ${label}` : label;
        choices.push({ ...wire, label: named, type: port.type });
      }
    }
  }
  return choices;
}

/** A title that no node has yet: "Clean", "Clean 2", … */
export function freeTitle(nodes: Iterable<Node>, wanted: string, also: ReadonlySet<string> = new Set()): string {
  const taken = new Set([...nodes].map((node) => node.title.toLowerCase()));
  const isFree = (title: string) => !taken.has(title.toLowerCase()) && !also.has(title.toLowerCase());
  if (isFree(wanted)) return wanted;
  const stem = wanted.replace(/ \d+$/, "");
  for (let number = 2; ; number += 1) {
    const title = `${stem} ${number}`;
    if (isFree(title)) return title;
  }
}

/** The node that lies nearest in a direction: where an arrow key goes. */
export function nearest(nodes: Iterable<Node>, from: Node, direction: "left" | "right" | "up" | "down"): Node | undefined {
  const horizontal = direction === "left" || direction === "right";
  const sign = direction === "left" || direction === "up" ? -1 : 1;
  let best: Node | undefined;
  let bestScore = Infinity;
  for (const node of nodes) {
    if (node.id === from.id || (node.kind === "group" && !isCollapsed(node))) continue;
    const dx = node.position.x - from.position.x;
    const dy = node.position.y - from.position.y;
    const along = (horizontal ? dx : dy) * sign;
    if (along <= 0) continue;
    const score = along + 2.2 * Math.abs(horizontal ? dy : dx);
    if (score < bestScore) {
      bestScore = score;
      best = node;
    }
  }
  return best;
}
