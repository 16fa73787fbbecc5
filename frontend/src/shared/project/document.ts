import type { Edge, Node } from "@/wire/generated";

/** A graph by id. */
export interface Graph {
  nodes: ReadonlyMap<string, Node>;
  edges: ReadonlyMap<string, Edge>;
}

export interface NodeChange {
  before: Node | null;
  after: Node | null;
}

export interface EdgeChange {
  before: Edge | null;
  after: Edge | null;
}

/**
 * One step that a person took, as values before and after: undo is the same step the other way round, and a step can be
 * applied again on top of what somebody else saved meanwhile.
 */
export interface Edit {
  label: string;
  nodes: ReadonlyMap<string, NodeChange>;
  edges: ReadonlyMap<string, EdgeChange>;
  /** Sources of code nodes that this step, or its undo, brings to life. Filled before a deletion is sent. */
  code: Map<string, string>;
  /** Steps with the same key within a moment are one step for undo. */
  mergeKey?: string;
}

export function inverse(edit: Edit): Edit {
  const nodes = new Map<string, NodeChange>();
  for (const [id, { before, after }] of edit.nodes) nodes.set(id, { before: after, after: before });
  const edges = new Map<string, EdgeChange>();
  for (const [id, { before, after }] of edit.edges) edges.set(id, { before: after, after: before });
  return { label: edit.label, nodes, edges, code: edit.code };
}

/** Two steps as one: what the first found, what the second left. */
export function merged(first: Edit, second: Edit): Edit {
  return {
    ...second,
    nodes: joined(first.nodes, second.nodes),
    edges: joined(first.edges, second.edges),
    code: new Map([...first.code, ...second.code]),
  };
}

interface Change<T> {
  before: T | null;
  after: T | null;
}

function joined<T>(first: ReadonlyMap<string, Change<T>>, second: ReadonlyMap<string, Change<T>>): Map<string, Change<T>> {
  const all = new Map(first);
  for (const [id, change] of second) {
    const known = first.get(id);
    all.set(id, known === undefined ? change : { before: known.before, after: change.after });
  }
  return all;
}

/** The fields of a node that a person may change; the rest (ports, file) is the server's. */
export const EDITABLE = [
  "title",
  "position",
  "settings",
  "description",
  "cache",
  "group",
  "size",
  "timeout_sec",
  "files",
] as const satisfies readonly (keyof Node)[];

export function changedFields(before: Node, after: Node): (typeof EDITABLE)[number][] {
  return EDITABLE.filter((field) => !sameValue(before[field], after[field]));
}

function sameValue(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function withFields(onto: Node, change: { before: Node; after: Node }): Node {
  const { before, after } = change;
  const fields = changedFields(before, after);
  if (fields.length === 0) return onto;
  const picked = Object.fromEntries(fields.map((field) => [field, after[field]]));
  return { ...onto, ...picked };
}

/** The graph after a step. What is gone meanwhile stays gone; of a node only the fields that the step changed change. */
export function applyEdit(graph: Graph, edit: Edit): Graph {
  const nodes = new Map(graph.nodes);
  for (const [id, { before, after }] of edit.nodes) {
    const current = nodes.get(id);
    if (after === null) nodes.delete(id);
    else if (before === null) nodes.set(id, current === undefined ? after : withFields(current, { before: current, after }));
    else if (current !== undefined) nodes.set(id, withFields(current, { before, after }));
  }
  const edges = new Map(graph.edges);
  for (const [id, { after }] of edit.edges) {
    if (after === null) edges.delete(id);
    else edges.set(id, after);
  }
  if (edit.nodes.size > 0 || edit.edges.size > 0) {
    for (const [id, edge] of edges) if (!nodes.has(edge.source) || !nodes.has(edge.target)) edges.delete(id);
  }
  return { nodes, edges };
}

/** What a step would do to this graph, exactly: used to send it when the graph moved on since it was made. */
export function rebase(graph: Graph, edit: Edit): Edit {
  const result = applyEdit(graph, edit);
  const nodes = new Map<string, NodeChange>();
  for (const id of edit.nodes.keys()) {
    const change = { before: graph.nodes.get(id) ?? null, after: result.nodes.get(id) ?? null };
    if (change.before !== change.after) nodes.set(id, change);
  }
  const edges = new Map<string, EdgeChange>();
  for (const id of new Set([...edit.edges.keys(), ...graph.edges.keys()])) {
    const change = { before: graph.edges.get(id) ?? null, after: result.edges.get(id) ?? null };
    if (change.before !== change.after) edges.set(id, change);
  }
  return { ...edit, nodes, edges };
}

export function isEmpty(edit: Edit): boolean {
  return edit.nodes.size === 0 && edit.edges.size === 0;
}
