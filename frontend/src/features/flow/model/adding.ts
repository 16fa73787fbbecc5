import { t } from "@/shared/i18n/i18n";
import type { Edge, Node, Position } from "@/wire/generated";
import { graph, shownGraph } from "./actions";
import { announce } from "./announce";
import { edgeAt } from "./edgePath";
import { freePlace } from "./freePlace";
import { contains, inputPorts, isCollapsed, PORT_HEIGHT, portOffset, rectOf, sizeOf, snapped, type Rect } from "./geometry";
import { perform } from "./history";
import type { PaletteItem } from "./palette";
import { select } from "./selection";
import { addNode, insertOnEdge, makeEdge, makeNode } from "./steps";
import type { View } from "./view";

/** New nodes: put where a person says, or on a free place near the middle of what is seen. */

/** An output that a new node is joined to. */
export interface From {
  source: string;
  sourcePort: string;
}

const DROP_DISTANCE = 28;

/** The edge that is drawn at a point, unless it leads to what lies in a collapsed group. */
function ownEdgeAt(point: Position): Edge | undefined {
  const edge = edgeAt(shownGraph(), point, DROP_DISTANCE);
  return edge !== undefined && graph().edges.get(edge.id) === edge ? edge : undefined;
}

function fresh(item: PaletteItem): Node {
  const settings = item.settings === undefined ? {} : { settings: item.settings };
  return makeNode(graph(), { kind: item.kind, title: t(item.title), ...settings }, { x: 0, y: 0 });
}

/** Where the upper left corner of a node is that has its middle at a point. */
function around(point: Position, node: Node): Position {
  const { width, height } = sizeOf(node);
  return { x: point.x - width / 2, y: point.y - height / 2 };
}

function put(item: PaletteItem, node: Node, onEdge?: Edge, from?: From): string {
  const now = graph();
  const inserted = onEdge === undefined ? null : insertOnEdge(now, onEdge, node);
  const target = inputPorts(node)[0];
  const edges = from === undefined || target === undefined ? [] : [makeEdge({ ...from, target: node.id, targetPort: "" })];
  const step = inserted ?? addNode(node, undefined, edges);
  if (item.code !== undefined) step.code.set(node.id, item.code);
  perform(step);
  select([node.id]);
  announce(t("flow.added", { title: node.title }));
  return node.id;
}

/** Add a node with its middle where it was dropped: on a wire, it goes between its ends. */
export function addWhereDropped(item: PaletteItem, point: Position): void {
  const node = fresh(item);
  put(item, { ...node, position: snapped(around(point, node)) }, ownEdgeAt(point));
}

/** A node without edges that was dropped on an edge goes between its ends. */
export function insertDropped(id: string): boolean {
  const now = graph();
  const node = now.nodes.get(id);
  if (node === undefined || [...now.edges.values()].some((edge) => edge.source === id || edge.target === id)) return false;
  const edge = ownEdgeAt({ x: node.position.x + sizeOf(node).width / 2, y: node.position.y + sizeOf(node).height / 2 });
  const step = edge === undefined ? null : insertOnEdge(now, edge, node);
  if (step === null) return false;
  perform(step);
  announce(t("flow.inserted", { title: node.title }));
  return true;
}

/** Frames that hold all that is seen: who looks into a group adds to it. */
function groupsAround(seen: Rect): Node[] {
  return [...graph().nodes.values()].filter(
    (node) => node.kind === "group" && !isCollapsed(node) && contains(rectOf(node), seen),
  );
}

/** What a new node must not lie on. */
export function takenPlaces(seen: Rect): Rect[] {
  const around = new Set(groupsAround(seen));
  return [...shownGraph().nodes.values()].filter((node) => !around.has(node)).map(rectOf);
}

/** A node whose upper left corner is wanted somewhere, on the nearest free place, and in the group that it lies in there. */
function placed(node: Node, wanted: Position, seen: Rect): Node {
  const { width, height } = sizeOf(node);
  // A source may have one more port than is drawn before the server has read it.
  const size = { width, height: height + (node.kind === "code" ? PORT_HEIGHT : 0) };
  const position = freePlace(takenPlaces(seen), size, wanted, seen);
  if (node.kind === "group") return { ...node, position };
  const [group] = groupsAround(seen)
    .filter((other) => contains(rectOf(other), { ...position, ...size }))
    .sort((a, b) => rectOf(a).width - rectOf(b).width);
  return { ...node, position, group: group?.id ?? "" };
}

function shown(view: View, id: string): void {
  const node = graph().nodes.get(id);
  if (node !== undefined) view.reveal(rectOf(node));
}

/** Add a node on the free place nearest to the middle of what is seen. */
export function addInView(view: View, item: PaletteItem): void {
  const seen = view.seen();
  const node = fresh(item);
  const middle = { x: seen.x + seen.width / 2, y: seen.y + seen.height / 2 };
  shown(view, put(item, placed(node, around(middle, node), seen)));
}

/** Add a node at a point, or beside what lies there. On a wire it goes between its ends; with `from`, it is joined to that. */
export function addNear(view: View, item: PaletteItem, point: Position, from?: From): void {
  const node = fresh(item);
  // A wire that was pulled here arrives at the node's left side.
  const wanted = from === undefined ? around(point, node) : { x: point.x, y: point.y - portOffset(node, 0) };
  shown(view, put(item, placed(node, wanted, view.seen()), from === undefined ? ownEdgeAt(point) : undefined, from));
}
