import type { Graph } from "@/shared/project/document";
import { statusOfAll, type NodeRun } from "@/shared/runs/runState";
import type { Node, Position, RunStatus } from "@/wire/generated";
import { boxOf, curveOf } from "../model/edgePath";
import { isCollapsed, overlaps, rectOf, type Rect } from "../model/geometry";

/** Where the canvas is seen from: screen = canvas · zoom + (x, y). */
export interface Transform {
  x: number;
  y: number;
  zoom: number;
}

export interface Colours {
  node: string;
  border: string;
  group: string;
  edge: string;
  text: string;
  selected: string;
  status: Partial<Record<RunStatus, string>>;
}

export function readColours(element: Element): Colours {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(name).trim();
  return {
    node: token("--raised"),
    border: token("--line-strong"),
    group: token("--line"),
    edge: token("--faint"),
    text: token("--text"),
    selected: token("--accent"),
    status: {
      running: token("--accent"),
      succeeded: token("--ok"),
      failed: token("--bad"),
      timed_out: token("--bad"),
      lost: token("--bad"),
      cancelled: token("--warn"),
    },
  };
}

export interface Scene {
  graph: Graph;
  /** Nodes that a collapsed group stands for. */
  members: ReadonlyMap<string, readonly string[]>;
  runs: ReadonlyMap<string, NodeRun>;
  selected: ReadonlySet<string>;
  dragged: ReadonlyMap<string, Position>;
}

/** Below this zoom a curve looks like a line, and above this many edges it costs too much. */
const LINES_BELOW = 0.2;
const MAX_EDGES = 6_000;
const FILLED_BELOW = 0.2;
const TITLES_FROM = 0.2;
const MAX_TITLES = 260;

function placed(node: Node, dragged: ReadonlyMap<string, Position>): Rect {
  const at = dragged.get(node.id);
  return at === undefined ? rectOf(node) : { ...rectOf(node), ...at };
}

function paintEdges(context: CanvasRenderingContext2D, { graph }: Scene, seen: Rect, zoom: number): void {
  if (graph.edges.size > MAX_EDGES && zoom < LINES_BELOW / 2) return;
  context.beginPath();
  for (const edge of graph.edges.values()) {
    const curve = curveOf(graph, edge);
    if (curve === null) continue;
    if (!overlaps(boxOf(curve), seen)) continue;
    const { from, to, reach } = curve;
    context.moveTo(from.x, from.y);
    if (zoom < LINES_BELOW) context.lineTo(to.x, to.y);
    else context.bezierCurveTo(from.x + reach, from.y, to.x - reach, to.y, to.x, to.y);
  }
  context.stroke();
}

function paintNodes(context: CanvasRenderingContext2D, scene: Scene, seen: Rect, colours: Colours, zoom: number): void {
  const titles: { node: Node; rect: Rect }[] = [];
  const line = 1 / zoom;
  for (const node of scene.graph.nodes.values()) {
    const rect = placed(node, scene.dragged);
    if (!overlaps(rect, seen)) continue;
    const members = scene.members.get(node.id);
    const status = members === undefined ? scene.runs.get(node.id)?.status : statusOfAll(scene.runs, members);
    const colour = status === undefined ? undefined : colours.status[status];
    if (node.kind === "group" && !isCollapsed(node)) {
      context.strokeStyle = colours.group;
      context.strokeRect(rect.x, rect.y, rect.width, rect.height);
    } else {
      // Where a node is too small for a mark, all of it has the mark's colour.
      context.fillStyle = zoom < FILLED_BELOW ? (colour ?? colours.border) : colours.node;
      context.fillRect(rect.x, rect.y, rect.width, rect.height);
      context.fillStyle = colour ?? colours.border;
      if (zoom >= FILLED_BELOW) context.fillRect(rect.x, rect.y, 6 * line, rect.height);
    }
    if (scene.selected.has(node.id)) {
      context.strokeStyle = colours.selected;
      context.strokeRect(rect.x, rect.y, rect.width, rect.height);
    }
    titles.push({ node, rect });
  }
  if (zoom < TITLES_FROM || titles.length > MAX_TITLES) return;
  context.fillStyle = colours.text;
  context.font = `600 ${String(11 / zoom)}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  for (const { node, rect } of titles) {
    const room = Math.max(1, rect.width - 14 * line);
    context.fillText(shortened(node.title, context.measureText(node.title).width, room), rect.x + 10 * line, rect.y + rect.height / 2, room);
  }
}

const LETTERS = new Intl.Segmenter();

/** A title that is `width` wide, so that it fits into `room`: cut, since squeezed letters cannot be read. */
export function shortened(title: string, width: number, room: number): string {
  if (width <= room) return title;
  const letters = Array.from(LETTERS.segment(title), ({ segment }) => segment);
  return `${letters.slice(0, Math.max(1, Math.floor((letters.length * room) / width) - 1)).join("").trimEnd()}…`;
}

/** Paint a whole flow into one element: what makes a thousand nodes pan as smoothly as ten. */
export function paint(
  context: CanvasRenderingContext2D,
  scene: Scene,
  { x, y, zoom }: Transform,
  size: { width: number; height: number; ratio: number },
  colours: Colours,
): void {
  const { width, height, ratio } = size;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.setTransform(ratio * zoom, 0, 0, ratio * zoom, ratio * x, ratio * y);
  const seen = { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
  context.lineWidth = 1.2 / zoom;
  context.strokeStyle = colours.edge;
  paintEdges(context, scene, seen, zoom);
  context.lineWidth = 2 / zoom;
  paintNodes(context, scene, seen, colours, zoom);
}

/** The node at a point of the canvas; groups only where nothing else is. */
export function nodeAt(graph: Graph, point: Position): Node | undefined {
  let group: Node | undefined;
  let found: Node | undefined;
  for (const node of graph.nodes.values()) {
    if (!overlaps(rectOf(node), { ...point, width: 1, height: 1 })) continue;
    if (node.kind === "group" && !isCollapsed(node)) group = node;
    else found = node;
  }
  return found ?? group;
}
