import type { Edit, EdgeChange, Graph, NodeChange } from "@/shared/project/document";
import type { Edge, Node, NodeKind, Position } from "@/wire/generated";
import { bounds, inputPorts, isCollapsed, outputPorts, rectOf, contains, sizeOf, snapped } from "./geometry";
import { freeTitle, refusal, type Wire } from "./graph";

/** Every step that can be taken in a graph, as a pure function from graph to edit. */

const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";

export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(10));
  return [...bytes].map((byte) => ALPHABET[byte % ALPHABET.length] ?? "").join("");
}

interface Changes {
  nodes?: Iterable<[string, NodeChange]>;
  edges?: Iterable<[string, EdgeChange]>;
  code?: Map<string, string>;
  mergeKey?: string;
}

export function edit(label: string, { nodes = [], edges = [], code = new Map(), mergeKey }: Changes): Edit {
  const base = { label, nodes: new Map(nodes), edges: new Map(edges), code };
  return mergeKey === undefined ? base : { ...base, mergeKey };
}

export interface NodeSpec {
  kind: NodeKind;
  title: string;
  code?: string;
  settings?: Record<string, unknown>;
}

export function makeNode(graph: Graph, spec: NodeSpec, position: Position): Node {
  const code = spec.kind === "code";
  const takes = code || spec.kind === "result";
  return {
    id: newId(),
    title: freeTitle(graph.nodes.values(), spec.title),
    kind: spec.kind,
    position: snapped(position),
    file: "",
    settings: spec.settings ?? {},
    description: "",
    cache: "auto",
    group: "",
    size: null,
    timeout_sec: null,
    files: [],
    legacy: false,
    // What the agent's own template has; the real ports come with its answer.
    ports: {
      inputs: takes ? [{ name: "input_data", type: "", required: false }] : [],
      outputs: code ? [{ name: "output", type: "", required: false }] : [],
      settings: [],
      merges: takes,
      error: "",
    },
  };
}

export function makeEdge(wire: Wire): Edge {
  const { source, target, sourcePort, targetPort } = wire;
  return { id: newId(), source, target, source_port: sourcePort, target_port: targetPort, broken: "" };
}

export function addNode(node: Node, code?: string, edges: readonly Edge[] = []): Edit {
  return edit("add", {
    nodes: [[node.id, { before: null, after: node }]],
    edges: edges.map((edge) => [edge.id, { before: null, after: edge }]),
    code: new Map(code === undefined ? [] : [[node.id, code]]),
  });
}

export function connect(wire: Wire, replacing?: Edge): Edit {
  const edge = makeEdge(wire);
  const edges: [string, EdgeChange][] = [[edge.id, { before: null, after: edge }]];
  if (replacing !== undefined) edges.unshift([replacing.id, { before: replacing, after: null }]);
  return edit("connect", { edges });
}

export function remove(graph: Graph, nodeIds: Iterable<string>, edgeIds: Iterable<string> = []): Edit {
  const gone = new Set(nodeIds);
  const nodes: [string, NodeChange][] = [];
  for (const [id, node] of graph.nodes) {
    if (gone.has(id)) nodes.push([id, { before: node, after: null }]);
    // A group that goes leaves its nodes.
    else if (gone.has(node.group)) nodes.push([id, { before: node, after: { ...node, group: "" } }]);
  }
  const named = new Set(edgeIds);
  const edges = [...graph.edges.values()]
    .filter((edge) => named.has(edge.id) || gone.has(edge.source) || gone.has(edge.target))
    .map((edge): [string, EdgeChange] => [edge.id, { before: edge, after: null }]);
  return edit("remove", { nodes, edges });
}

/** Delete a node and join its first neighbours through the gap. */
export function removeAndReconnect(graph: Graph, nodeId: string): Edit {
  const removal = remove(graph, [nodeId]);
  const rest: Graph = {
    nodes: graph.nodes,
    edges: new Map([...graph.edges].filter(([id]) => !removal.edges.has(id))),
  };
  const before = [...graph.edges.values()].find((edge) => edge.target === nodeId);
  if (before === undefined) return removal;
  const edges = new Map(removal.edges);
  for (const after of graph.edges.values()) {
    if (after.source !== nodeId) continue;
    const wire = {
      source: before.source,
      sourcePort: before.source_port,
      target: after.target,
      targetPort: after.target_port,
    };
    if (refusal(rest, { ...wire, targetPort: wire.targetPort || (inputPorts(graph.nodes.get(after.target) ?? never())[0]?.name ?? "") }) !== null) continue;
    const edge = makeEdge(wire);
    edges.set(edge.id, { before: null, after: edge });
  }
  return { ...removal, edges };
}

function never(): never {
  throw new Error("an edge names a node that is not there");
}

export function change(node: Node, patch: Partial<Node>, mergeKey?: string): Edit {
  const changes: Changes = { nodes: [[node.id, { before: node, after: { ...node, ...patch } }]] };
  return edit("change", mergeKey === undefined ? changes : { ...changes, mergeKey });
}

/** Nodes that move along when these move: what lies in a group goes with it. */
export function withGroupMembers(graph: Graph, ids: Iterable<string>): Set<string> {
  const all = new Set(ids);
  for (const node of graph.nodes.values()) if (node.group !== "" && all.has(node.group)) all.add(node.id);
  return all;
}

/** Places that nodes are moved to, with those of what lies in a group that moves. */
export function withMembersPlaced(graph: Graph, moved: ReadonlyMap<string, Position>): Map<string, Position> {
  const all = new Map(moved);
  for (const [groupId, at] of moved) {
    const group = graph.nodes.get(groupId);
    if (group?.kind !== "group") continue;
    for (const id of withGroupMembers(graph, [groupId])) {
      const node = graph.nodes.get(id);
      if (node === undefined || moved.has(id)) continue;
      all.set(id, { x: node.position.x + at.x - group.position.x, y: node.position.y + at.y - group.position.y });
    }
  }
  return all;
}

export function moveTo(graph: Graph, positions: ReadonlyMap<string, Position>, mergeKey?: string): Edit {
  const nodes: [string, NodeChange][] = [];
  for (const [id, position] of positions) {
    const node = graph.nodes.get(id);
    if (node === undefined || (node.position.x === position.x && node.position.y === position.y)) continue;
    nodes.push([id, { before: node, after: { ...node, position } }]);
  }
  return edit("move", mergeKey === undefined ? { nodes } : { nodes, mergeKey });
}

export function moveBy(graph: Graph, ids: Iterable<string>, dx: number, dy: number): Edit {
  const positions = new Map<string, Position>();
  for (const id of withGroupMembers(graph, ids)) {
    const node = graph.nodes.get(id);
    if (node !== undefined) positions.set(id, { x: node.position.x + dx, y: node.position.y + dy });
  }
  return moveTo(graph, positions, `move ${[...positions.keys()].join(" ")}`);
}

/** After nodes were dropped: which group each lies in now. */
export function regrouped(graph: Graph, moved: Edit): Edit {
  const groups = [...graph.nodes.values()].filter((node) => node.kind === "group" && !isCollapsed(node));
  const nodes = new Map(moved.nodes);
  for (const [id, { before, after }] of moved.nodes) {
    if (after === null || after.kind === "group" || moved.nodes.has(after.group)) continue;
    const group = groups.find((other) => contains(rectOf(other), rectOf(after)))?.id ?? "";
    if (group !== after.group) nodes.set(id, { before, after: { ...after, group } });
  }
  return { ...moved, nodes };
}

/** Put a node on an edge: source → node → target. Null when the node has no fitting ports. */
export function insertOnEdge(graph: Graph, edge: Edge, node: Node): Edit | null {
  const input = inputPorts(node)[0];
  const output = outputPorts(node)[0];
  if (input === undefined || output === undefined) return null;
  const known = graph.nodes.get(node.id);
  const rest: Graph = {
    nodes: new Map(graph.nodes).set(node.id, node),
    edges: new Map([...graph.edges].filter(([id]) => id !== edge.id)),
  };
  const target = graph.nodes.get(edge.target);
  const first = { source: edge.source, sourcePort: edge.source_port, target: node.id, targetPort: input.name };
  const targetPort = edge.target_port || (target === undefined ? "" : (inputPorts(target)[0]?.name ?? ""));
  const second = { source: node.id, sourcePort: output.name, target: edge.target, targetPort };
  if (refusal(rest, first) !== null || refusal(rest, second) !== null) return null;
  const added = [makeEdge(first), makeEdge(second)];
  return edit("insert", {
    nodes: known === node ? [] : [[node.id, { before: known ?? null, after: node }]],
    edges: [
      [edge.id, { before: edge, after: null }],
      ...added.map((item): [string, EdgeChange] => [item.id, { before: null, after: item }]),
    ],
  });
}

const GROUP_PADDING = 24;
const GROUP_HEADER = 36;

/** A frame around nodes. */
export function groupNodes(graph: Graph, ids: Iterable<string>, title: string): Edit | null {
  const members = [...ids].map((id) => graph.nodes.get(id)).filter((node) => node !== undefined && node.kind !== "group");
  const inside = members.filter((node): node is Node => node !== undefined);
  const rect = bounds(inside);
  if (rect === null) return null;
  const origin = { x: rect.x - GROUP_PADDING, y: rect.y - GROUP_PADDING - GROUP_HEADER };
  const group: Node = {
    ...makeNode(graph, { kind: "group", title }, origin),
    position: origin,
    size: { width: rect.width + 2 * GROUP_PADDING, height: rect.height + 2 * GROUP_PADDING + GROUP_HEADER },
  };
  return edit("group", {
    nodes: [
      [group.id, { before: null, after: group }],
      ...inside.map((node): [string, NodeChange] => [node.id, { before: node, after: { ...node, group: group.id } }]),
    ],
  });
}

export type Alignment = "left" | "centre" | "right" | "top" | "middle" | "bottom" | "row" | "column";

/** Line nodes up, or space them evenly. */
export function align(graph: Graph, ids: Iterable<string>, how: Alignment): Edit {
  const nodes = [...ids].flatMap((id) => graph.nodes.get(id) ?? []);
  const all = bounds(nodes);
  const positions = new Map<string, Position>();
  if (all === null) return moveTo(graph, positions);
  const across = how === "row";
  const sorted = [...nodes].sort((a, b) => (across ? a.position.x - b.position.x : a.position.y - b.position.y));
  const used = sorted.reduce((sum, node) => sum + (across ? sizeOf(node).width : sizeOf(node).height), 0);
  const gap = nodes.length < 2 ? 0 : Math.max(GRID_GAP, ((across ? all.width : all.height) - used) / (nodes.length - 1));
  let at = across ? all.x : all.y;
  for (const node of sorted) {
    const size = sizeOf(node);
    const { x, y } = node.position;
    const places: Record<Alignment, Position> = {
      left: { x: all.x, y },
      centre: { x: all.x + (all.width - size.width) / 2, y },
      right: { x: all.x + all.width - size.width, y },
      top: { x, y: all.y },
      middle: { x, y: all.y + (all.height - size.height) / 2 },
      bottom: { x, y: all.y + all.height - size.height },
      row: { x: at, y },
      column: { x, y: at },
    };
    positions.set(node.id, places[how]);
    at += (across ? size.width : size.height) + gap;
  }
  return moveTo(graph, positions);
}

const GRID_GAP = 24;
