import { create } from "zustand";
import type { Edge, Node, Ports, Project } from "@/wire/generated";

/**
 * The project that is open, as every panel may read it. The flow feature alone writes the graph (`features/flow/model`);
 * ports come back from the server after a source was saved, see `portsRead`.
 */
export interface ProjectState {
  id: string;
  name: string;
  description: string;
  /** ETag of the graph as the server last told it; empty before the first load. */
  etag: string;
  nodes: ReadonlyMap<string, Node>;
  edges: ReadonlyMap<string, Edge>;
  loaded: boolean;
}

const EMPTY: ProjectState = {
  id: "",
  name: "",
  description: "",
  etag: "",
  nodes: new Map(),
  edges: new Map(),
  loaded: false,
};

export const useProject = create<ProjectState>()(() => EMPTY);

export function setProject(project: Project, etag: string): void {
  useProject.setState({
    name: project.name,
    description: project.description,
    etag,
    nodes: new Map(project.nodes.map((node) => [node.id, node])),
    edges: new Map(project.edges.map((edge) => [edge.id, edge])),
    loaded: true,
  });
}

/** A node's source was saved and these are its ports now. */
export function portsRead(nodeId: string, ports: Ports): void {
  useProject.setState((state) => {
    const node = state.nodes.get(nodeId);
    return node === undefined ? state : { nodes: new Map(state.nodes).set(nodeId, { ...node, ports }) };
  });
}

export function nodeByFile(path: string): Node | undefined {
  for (const node of useProject.getState().nodes.values()) if (node.file === path) return node;
  return undefined;
}

export function resetProject(id: string): void {
  useProject.setState({ ...EMPTY, id });
}
