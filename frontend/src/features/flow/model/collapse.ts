import type { Edit, Graph, NodeChange } from "@/shared/project/document";
import type { Edge, Node } from "@/wire/generated";
import { isCollapsed } from "./geometry";
import { edit } from "./steps";

/** The flow as it is drawn: a collapsed group stands for its nodes, and their wires end at it. */
export interface Shown {
  graph: Graph;
  /** The group that stands for a node, by the id of the node. */
  hiddenBy: ReadonlyMap<string, string>;
  /** What each collapsed group stands for. */
  members: ReadonlyMap<string, readonly string[]>;
}

const NONE: Pick<Shown, "hiddenBy" | "members"> = { hiddenBy: new Map(), members: new Map() };
/** Groups may lie in groups; one that is in itself, by a file somebody wrote, must not be followed for ever. */
const MAX_DEPTH = 16;

function hider(nodes: ReadonlyMap<string, Node>, node: Node): string | undefined {
  let found: string | undefined;
  let at = nodes.get(node.group);
  for (let depth = 0; at !== undefined && at.id !== node.id && depth < MAX_DEPTH; depth += 1) {
    if (isCollapsed(at)) found = at.id;
    at = nodes.get(at.group);
  }
  return found;
}

/** A wire between what is drawn; undefined for one inside a collapsed group. */
function redirected(edge: Edge, hiddenBy: ReadonlyMap<string, string>): Edge | undefined {
  const source = hiddenBy.get(edge.source);
  const target = hiddenBy.get(edge.target);
  if (source === undefined && target === undefined) return edge;
  if (source === target) return undefined;
  return {
    ...edge,
    ...(source === undefined ? {} : { source, source_port: "" }),
    ...(target === undefined ? {} : { target, target_port: "" }),
  };
}

function computed({ nodes, edges }: Graph): Shown {
  const hiddenBy = new Map<string, string>();
  const members = new Map<string, string[]>();
  for (const node of nodes.values()) {
    const group = hider(nodes, node);
    if (group === undefined) continue;
    hiddenBy.set(node.id, group);
    members.set(group, [...(members.get(group) ?? []), node.id]);
  }
  // A group without nodes is drawn as a collapsed one too.
  if (hiddenBy.size === 0) return { graph: { nodes, edges }, ...NONE };
  const shown = new Map<string, Edge>();
  const drawn = new Set<string>();
  for (const edge of edges.values()) {
    const item = redirected(edge, hiddenBy);
    if (item === undefined) continue;
    // Wires that share both ends would lie on each other.
    const ends = `${item.source} ${item.source_port} ${item.target} ${item.target_port}`;
    if (item !== edge && drawn.has(ends)) continue;
    drawn.add(ends);
    shown.set(edge.id, item);
  }
  return { graph: { nodes: new Map([...nodes].filter(([id]) => !hiddenBy.has(id))), edges: shown }, hiddenBy, members };
}

let last: { of: Graph; shown: Shown } | undefined;

/** What of a flow is drawn. The same objects come back while the flow is the same. */
export function shownOf({ nodes, edges }: Graph): Shown {
  if (last?.of.nodes !== nodes || last.of.edges !== edges) {
    const of = { nodes, edges };
    last = { of, shown: computed(of) };
  }
  return last.shown;
}

/** Collapse or expand groups, as one step. */
export function setCollapsed(graph: Graph, groupIds: Iterable<string>, collapsed: boolean): Edit {
  const nodes: [string, NodeChange][] = [];
  for (const id of groupIds) {
    const group = graph.nodes.get(id);
    if (group?.kind !== "group" || isCollapsed(group) === collapsed) continue;
    const others = Object.entries(group.settings).filter(([name]) => name !== "collapsed");
    const settings = Object.fromEntries(collapsed ? [...others, ["collapsed", true]] : others);
    nodes.push([id, { before: group, after: { ...group, settings } }]);
  }
  return edit(collapsed ? "collapse" : "expand", { nodes });
}

/** The groups that a selection is about: those in it, and those that its nodes lie in. */
export function groupsOf({ nodes }: Graph, ids: Iterable<string>): Node[] {
  const groups = new Map<string, Node>();
  for (const id of ids) {
    const node = nodes.get(id);
    const group = node?.kind === "group" ? node : nodes.get(node?.group ?? "");
    if (group?.kind === "group") groups.set(group.id, group);
  }
  return [...groups.values()];
}
