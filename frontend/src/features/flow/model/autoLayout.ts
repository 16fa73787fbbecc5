import type { Graph } from "@/shared/project/document";
import type { Edit } from "@/shared/project/document";
import type { Position } from "@/wire/generated";
import { shownOf } from "./collapse";
import { bounds, isCollapsed, sizeOf } from "./geometry";
import type { LayoutAnswer, LayoutRequest } from "./layOut";
import { moveTo, withMembersPlaced } from "./steps";

function compute(request: LayoutRequest): Promise<LayoutAnswer> {
  const worker = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
  return new Promise<LayoutAnswer>((resolve, reject) => {
    worker.onmessage = (event: MessageEvent<LayoutAnswer>) => resolve(event.data);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(request);
  }).finally(() => worker.terminate());
}

/** Lay the nodes out, all of them or those that are selected; notes and open groups stay where they are. */
export async function autoLayout(graph: Graph, ids: ReadonlySet<string>): Promise<Edit> {
  const shown = shownOf(graph).graph;
  const wanted = [...shown.nodes.values()].filter(
    (node) => node.kind !== "note" && (node.kind !== "group" || isCollapsed(node)) && (ids.size < 2 || ids.has(node.id)),
  );
  const rect = bounds(wanted);
  if (rect === null) return moveTo(graph, new Map());
  const inside = new Set(wanted.map((node) => node.id));
  const placed = await compute({
    nodes: wanted.map((node) => ({ id: node.id, ...sizeOf(node) })),
    edges: [...shown.edges.values()].filter((edge) => inside.has(edge.source) && inside.has(edge.target)),
    x: rect.x,
    y: rect.y,
  });
  const places = new Map(placed.map(({ id, x, y }): [string, Position] => [id, { x, y }]));
  return moveTo(graph, withMembersPlaced(graph, places));
}
