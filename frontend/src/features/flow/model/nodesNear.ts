import type { Graph } from "@/shared/project/document";
import type { Node } from "@/wire/generated";
import { boxOf, curveOf } from "./edgePath";
import { overlaps, rectOf, type Rect } from "./geometry";

/** The nodes in an area, those whose wires pass through it, and those that are kept anyway. */
export function nodesNear(graph: Graph, area: Rect, kept: (id: string) => boolean): Node[] {
  const wired = new Set<string>();
  for (const edge of graph.edges.values()) {
    const curve = curveOf(graph, edge);
    if (curve !== null && overlaps(boxOf(curve), area)) wired.add(edge.source).add(edge.target);
  }
  return [...graph.nodes.values()].filter((node) => kept(node.id) || wired.has(node.id) || overlaps(rectOf(node), area));
}
