import type { Graph } from "@/shared/project/document";
import type { Edge, Position } from "@/wire/generated";
import { sourcePoint, targetPoint, type Rect } from "./geometry";

const SAMPLES = 20;

/** How far the curve of an edge leaves its ends to the side: the same as XYFlow's bezier edges. */
function pull(distance: number): number {
  return distance >= 0 ? distance / 2 : 0.25 * 25 * Math.sqrt(-distance);
}

export interface Curve {
  from: Position;
  to: Position;
  /** How far both control points are from their ends, horizontally. */
  reach: number;
}

export function curveOf({ nodes }: Graph, edge: Edge): Curve | null {
  const source = nodes.get(edge.source);
  const target = nodes.get(edge.target);
  if (source === undefined || target === undefined) return null;
  const from = sourcePoint(source, edge.source_port);
  const to = targetPoint(target, edge.target_port);
  return { from, to, reach: pull(to.x - from.x) };
}

/** What holds the whole curve. */
export function boxOf({ from, to, reach }: Curve): Rect {
  const left = Math.min(from.x, to.x - reach);
  const top = Math.min(from.y, to.y);
  return { x: left, y: top, width: Math.max(from.x + reach, to.x) - left + 1, height: Math.max(from.y, to.y) - top + 1 };
}

function pointAt({ from, to, reach }: Curve, t: number): Position {
  const s = 1 - t;
  const a = s * s * s;
  const b = 3 * s * s * t;
  const c = 3 * s * t * t;
  const d = t * t * t;
  return {
    x: a * from.x + b * (from.x + reach) + c * (to.x - reach) + d * to.x,
    y: a * from.y + b * from.y + c * to.y + d * to.y,
  };
}

/** The edge that runs nearest to a point, at most `within` canvas units away. */
export function edgeAt(graph: Graph, point: Position, within: number): Edge | undefined {
  let best: Edge | undefined;
  let bestDistance = within;
  for (const edge of graph.edges.values()) {
    const curve = curveOf(graph, edge);
    if (curve === null) continue;
    const margin = within + curve.reach;
    if (point.x < Math.min(curve.from.x, curve.to.x) - margin || point.x > Math.max(curve.from.x, curve.to.x) + margin)
      continue;
    for (let index = 0; index <= SAMPLES; index += 1) {
      const at = pointAt(curve, index / SAMPLES);
      const distance = Math.hypot(at.x - point.x, at.y - point.y);
      if (distance >= bestDistance) continue;
      bestDistance = distance;
      best = edge;
    }
  }
  return best;
}
