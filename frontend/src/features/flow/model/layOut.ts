import { Graph as DagreGraph, layout } from "@dagrejs/dagre";
import { isRecord } from "@/wire/parse";

export interface LayoutRequest {
  nodes: readonly { id: string; width: number; height: number }[];
  edges: readonly { source: string; target: string }[];
  x: number;
  y: number;
}

export type LayoutAnswer = readonly { id: string; x: number; y: number }[];

/** Place nodes in columns from left to right; the upper left one comes to lie at (x, y). */
export function layOut({ nodes, edges, x, y }: LayoutRequest): LayoutAnswer {
  const graph = new DagreGraph();
  graph.setGraph({ rankdir: "LR", nodesep: 32, ranksep: 88, ranker: nodes.length > 400 ? "longest-path" : "network-simplex" });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, width, height } of nodes) graph.setNode(id, { width, height });
  for (const { source, target } of edges) graph.setEdge(source, target);
  layout(graph);
  const placed = nodes.map(({ id, width, height }) => {
    const at: unknown = graph.node(id);
    return { id, x: coordinate(at, "x") - width / 2, y: coordinate(at, "y") - height / 2 };
  });
  const left = Math.min(...placed.map((node) => node.x));
  const top = Math.min(...placed.map((node) => node.y));
  return placed.map((node) => ({ id: node.id, x: Math.round(node.x - left + x), y: Math.round(node.y - top + y) }));
}

/** Dagre writes coordinates into its labels, whose type does not say so. */
function coordinate(label: unknown, axis: "x" | "y"): number {
  const value = isRecord(label) ? label[axis] : undefined;
  return typeof value === "number" ? value : 0;
}
