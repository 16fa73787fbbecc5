import type { Node, Port, Position, Size } from "@/wire/generated";

/**
 * Sizes and places of nodes and their ports. They follow from the node alone, so that what is not drawn (far away, or
 * on the overview) has a place too. The components in `nodes/` are laid out by the same numbers.
 */

export const NODE_WIDTH = 224;
export const HEADER_HEIGHT = 38;
export const PORT_HEIGHT = 24;
export const PORTS_PADDING = 6;
export const FOOTER_HEIGHT = 28;
export const INPUT_BODY_HEIGHT = 44;
export const GRID = 8;

const DEFAULT_SIZES = {
  result: { width: 300, height: 220 },
  note: { width: 240, height: 140 },
  group: { width: 420, height: 280 },
} as const;

export interface Rect extends Position, Size {}

/** Whether a group is drawn as one small node that stands for what lies in it. */
export function isCollapsed(node: Node): boolean {
  return node.kind === "group" && node.settings["collapsed"] === true;
}

export function inputPorts(node: Node): readonly Port[] {
  switch (node.kind) {
    case "code":
      return node.ports.inputs;
    case "result":
      return node.ports.inputs.length > 0 ? node.ports.inputs : [{ name: "input_data", type: "", required: false }];
    case "input":
    case "note":
    case "group":
      return [];
  }
}

export function outputPorts(node: Node): readonly Port[] {
  switch (node.kind) {
    case "code":
    case "input":
    case "result":
      return node.ports.outputs.length > 0 ? node.ports.outputs : [{ name: "output", type: "", required: false }];
    case "note":
    case "group":
      return [];
  }
}

export function sizeOf(node: Node): Size {
  switch (node.kind) {
    case "code": {
      const rows = Math.max(1, inputPorts(node).length, outputPorts(node).length);
      return { width: NODE_WIDTH, height: HEADER_HEIGHT + rows * PORT_HEIGHT + 2 * PORTS_PADDING + FOOTER_HEIGHT };
    }
    case "input":
      return { width: NODE_WIDTH, height: HEADER_HEIGHT + INPUT_BODY_HEIGHT };
    case "group":
      if (isCollapsed(node)) return { width: NODE_WIDTH, height: HEADER_HEIGHT + FOOTER_HEIGHT };
      return node.size ?? DEFAULT_SIZES.group;
    case "result":
    case "note":
      return node.size ?? DEFAULT_SIZES[node.kind];
  }
}

export function rectOf(node: Node): Rect {
  return { ...node.position, ...sizeOf(node) };
}

/** Height of a port's centre below the node's upper edge. */
export function portOffset(node: Node, index: number): number {
  if (node.kind === "input" || node.kind === "result" || node.kind === "group") return HEADER_HEIGHT / 2;
  return HEADER_HEIGHT + PORTS_PADDING + PORT_HEIGHT * (index + 0.5);
}

function portIndex(ports: readonly Port[], name: string): number {
  return Math.max(0, ports.findIndex((port) => port.name === name));
}

/** Where an edge leaves its source, in canvas units. */
export function sourcePoint(node: Node, port: string): Position {
  const index = portIndex(outputPorts(node), port);
  return { x: node.position.x + sizeOf(node).width, y: node.position.y + portOffset(node, index) };
}

export function targetPoint(node: Node, port: string): Position {
  return { x: node.position.x, y: node.position.y + portOffset(node, portIndex(inputPorts(node), port)) };
}

export function bounds(nodes: Iterable<Node>): Rect | null {
  let left = Infinity;
  let top = Infinity;
  let right = -Infinity;
  let bottom = -Infinity;
  for (const node of nodes) {
    const rect = rectOf(node);
    left = Math.min(left, rect.x);
    top = Math.min(top, rect.y);
    right = Math.max(right, rect.x + rect.width);
    bottom = Math.max(bottom, rect.y + rect.height);
  }
  return left === Infinity ? null : { x: left, y: top, width: right - left, height: bottom - top };
}

export function contains(outer: Rect, inner: Rect): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}

export function overlaps(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

export function snapped({ x, y }: Position): Position {
  return { x: Math.round(x / GRID) * GRID, y: Math.round(y / GRID) * GRID };
}
