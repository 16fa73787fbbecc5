import { create } from "zustand";
import type { Node, Ports, Project } from "@/wire/generated";
import type { Share } from "@/wire/control";
import { applyEdit, type Edit, type Graph } from "./document";
import { withLastingPorts } from "./lastingPorts";

/**
 * The project that is open, as every panel may read it: what the server last told (`base`) with the steps on top that
 * are not saved yet (`pending`). Only `projectSync` changes it, but for `portsRead`.
 */
export interface ProjectState extends Graph {
  id: string;
  name: string;
  description: string;
  /** ETag of `base`; empty before the first load. */
  etag: string;
  /** What this person may do here. The server has the last word: this only shows what it would refuse. */
  share: Share;
  base: Graph;
  pending: readonly Edit[];
  loaded: boolean;
  loadError: string;
  /** There is no such project, or this person may not know of it. */
  missing: boolean;
}

const NOTHING: Graph = { nodes: new Map(), edges: new Map() };

const EMPTY: ProjectState = {
  id: "",
  name: "",
  description: "",
  etag: "",
  share: "owner",
  ...NOTHING,
  base: NOTHING,
  pending: [],
  loaded: false,
  loadError: "",
  missing: false,
};

export const useProject = create<ProjectState>()(() => EMPTY);

function shown(base: Graph, pending: readonly Edit[]): Graph {
  return pending.reduce(applyEdit, base);
}

/** Keep objects that did not change, so that what is drawn from them is not drawn again. */
function keepIdentity<T>(previous: ReadonlyMap<string, T>, next: Iterable<[string, T]>): Map<string, T> {
  const result = new Map<string, T>();
  for (const [id, value] of next) {
    const old = previous.get(id);
    result.set(id, old !== undefined && JSON.stringify(old) === JSON.stringify(value) ? old : value);
  }
  return result;
}

export function graphOf(project: Project, previous: Graph = NOTHING): Graph {
  return {
    nodes: keepIdentity(
      previous.nodes,
      project.nodes.map((node) => [node.id, withLastingPorts(node, previous.nodes.get(node.id)?.ports, project.edges)]),
    ),
    edges: keepIdentity(previous.edges, project.edges.map((edge) => [edge.id, edge])),
  };
}

/** The server told its state. */
export function setProject(project: Project, etag: string): void {
  useProject.setState((state) => {
    const base = graphOf(project, state.base);
    return {
      name: project.name,
      description: project.description,
      etag,
      base,
      loaded: true,
      loadError: "",
      ...shown(base, state.pending),
    };
  });
}

export function addPending(edit: Edit): void {
  useProject.setState((state) => ({
    pending: [...state.pending, edit],
    ...applyEdit({ nodes: state.nodes, edges: state.edges }, edit),
  }));
}

/**
 * A step is on the server now; `saved` are nodes as it returned them, with their ports, and `etag` the tag of the graph that
 * it led to, when that is known.
 */
export function settlePending(edit: Edit, saved: readonly Node[] = [], etag?: string): void {
  useProject.setState((state) => {
    const applied = applyEdit(state.base, edit);
    const nodes = new Map(applied.nodes);
    const edges = [...applied.edges.values()];
    for (const node of saved) nodes.set(node.id, withLastingPorts(node, state.base.nodes.get(node.id)?.ports, edges));
    const base = { nodes, edges: applied.edges };
    const pending = state.pending.filter((other) => other !== edit);
    return { base, pending, etag: etag ?? state.etag, ...shown(base, pending) };
  });
}

/** The server refused a step: it is as if it had not been taken. */
export function dropPending(edit: Edit): void {
  useProject.setState((state) => {
    const pending = state.pending.filter((other) => other !== edit);
    return { pending, ...shown(state.base, pending) };
  });
}

/** A node's source was saved and these are its ports now. */
export function portsRead(nodeId: string, ports: Ports): void {
  useProject.setState((state) => {
    const node = state.base.nodes.get(nodeId);
    if (node === undefined) return state;
    const read = withLastingPorts({ ...node, ports }, node.ports, []);
    const base = { nodes: new Map(state.base.nodes).set(nodeId, read), edges: state.base.edges };
    return { base, ...shown(base, state.pending) };
  });
}

export function useMayEdit(): boolean {
  return useProject((state) => state.share !== "viewer");
}

export function mayEdit(): boolean {
  return useProject.getState().share !== "viewer";
}

export function nodeByFile(path: string): Node | undefined {
  for (const node of useProject.getState().nodes.values()) if (node.file === path) return node;
  return undefined;
}

export function resetProject(id: string): void {
  useProject.setState({ ...EMPTY, id });
}
