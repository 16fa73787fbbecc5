import { Position as Side, type Edge as FlowEdge, type Node as FlowNode, type NodeHandle } from "@xyflow/react";
import { t } from "@/shared/i18n/i18n";
import type { Edge, Node, Port, Position } from "@/wire/generated";
import { inputPorts, isCollapsed, outputPorts, portOffset, sizeOf, type Rect } from "../model/geometry";
import { targetPortOf } from "../model/graph";

export type CanvasNode = FlowNode<{ node: Node }>;
export type CanvasEdge = FlowEdge<{ broken: string }>;

export const HANDLE_SIZE = 12;

/** The element that says what keys do to a node that has the focus. */
export const NODE_KEYS_ID = "flow-node-keys";

/** The element at the foot of a code node: what it gave, or what went wrong. */
export function footId(nodeId: string): string {
  return `flow-foot-${nodeId}`;
}

/** XYFlow's own measuring is not needed: places of ports follow from the node. */
function handles(node: Node): NodeHandle[] {
  const { width } = sizeOf(node);
  const make = (id: string, index: number, type: "source" | "target"): NodeHandle => ({
    id,
    type,
    position: type === "target" ? Side.Left : Side.Right,
    x: (type === "target" ? 0 : width) - HANDLE_SIZE / 2,
    y: portOffset(node, index) - HANDLE_SIZE / 2,
    width: HANDLE_SIZE,
    height: HANDLE_SIZE,
  });
  if (isCollapsed(node)) return [make("", 0, "target"), make("", 0, "source")];
  return [
    ...inputPorts(node).map((port, index) => make(port.name, index, "target")),
    ...outputPorts(node).map((port, index) => make(port.name, index, "source")),
  ];
}

const LAYERS = { group: -1, note: 0, code: 1, input: 1, result: 1 } as const;

interface Made {
  node: Node;
  selected: boolean;
  at: Position;
  focusable: boolean;
  item: CanvasNode;
}

/** Makes XYFlow's nodes from ours, and gives the same object for what did not change. */
export class NodeItems {
  private readonly made = new Map<string, Made>();

  get(node: Node, selected: boolean, dragged: Position | undefined, focusable: boolean, label: string): CanvasNode {
    const at = dragged ?? node.position;
    const known = this.made.get(node.id);
    const same = known?.node === node && known.selected === selected && known.focusable === focusable;
    if (same && known.at.x === at.x && known.at.y === at.y) return known.item;
    const { width, height } = sizeOf(node);
    const item: CanvasNode = {
      id: node.id,
      // XYFlow styles "input" and "group" itself.
      type: `aim-${node.kind}`,
      position: at,
      data: known?.node === node ? known.item.data : { node },
      selected,
      focusable,
      width,
      height,
      measured: { width, height },
      handles: known?.node === node ? (known.item.handles ?? handles(node)) : handles(node),
      zIndex: isCollapsed(node) ? LAYERS.code : LAYERS[node.kind],
      ariaLabel: label,
      domAttributes: { "aria-describedby": node.kind === "code" ? `${footId(node.id)} ${NODE_KEYS_ID}` : NODE_KEYS_ID },
      ...(node.kind === "group" && !isCollapsed(node) ? { dragHandle: ".group-title" } : {}),
    };
    this.made.set(node.id, { node, selected, at, focusable, item });
    return item;
  }

  forget(known: ReadonlyMap<string, Node>): void {
    for (const id of this.made.keys()) if (!known.has(id)) this.made.delete(id);
  }
}

function existing(ports: readonly Port[], name: string): string {
  return ports.some((port) => port.name === name) ? name : (ports[0]?.name ?? name);
}

/** The same for edges. */
export class EdgeItems {
  private readonly made = new Map<string, { edge: Edge; selected: boolean; ends: string; item: CanvasEdge }>();

  get(edge: Edge, selected: boolean, source: Node | undefined, target: Node | undefined): CanvasEdge {
    // A wire whose port is gone is drawn at the first one, so that it can be seen and mended.
    const leaving = existing(source === undefined ? [] : outputPorts(source), edge.source_port);
    const arriving = existing(target === undefined ? [] : inputPorts(target), targetPortOf(edge, target));
    const ariaLabel = t("flow.edgeLabel", { source: source?.title ?? "", target: target?.title ?? "" });
    const ends = `${leaving} ${arriving} ${ariaLabel}`;
    const known = this.made.get(edge.id);
    if (known?.edge === edge && known.selected === selected && known.ends === ends) return known.item;
    const item: CanvasEdge = {
      id: edge.id,
      source: edge.source,
      target: edge.target,
      sourceHandle: leaving,
      targetHandle: arriving,
      className: edge.broken === "" ? "" : "edge-broken",
      data: { broken: edge.broken },
      type: "flow",
      selected,
      ariaLabel,
      focusable: false,
      // What ends at a collapsed group belongs to the nodes in it.
      selectable: source?.kind !== "group" && target?.kind !== "group",
    };
    this.made.set(edge.id, { edge, selected, ends, item });
    return item;
  }
}

/** Above this many nodes, XYFlow is given only those near the viewport: in each frame of a pan it looks at all that it has. */
export const CULL_ABOVE = 200;
/** Below this zoom a large flow is painted, not made of elements. */
export const OVERVIEW_ZOOM = 0.36;
/** A small flow stays made of elements at any zoom. */
export const OVERVIEW_ABOVE = 150;

/** A part of the canvas with a margin, on a coarse grid: it changes seldom while the viewport moves. */
export function coarseArea(viewport: Rect): Rect {
  const stepX = Math.max(200, viewport.width / 2);
  const stepY = Math.max(200, viewport.height / 2);
  const x = Math.floor(viewport.x / stepX - 0.5) * stepX;
  const y = Math.floor(viewport.y / stepY - 0.5) * stepY;
  return { x, y, width: viewport.width + 2.5 * stepX, height: viewport.height + 2.5 * stepY };
}
