import { create } from "zustand";

interface Selection {
  nodes: ReadonlySet<string>;
  edges: ReadonlySet<string>;
}

/** What is selected on the canvas. Not part of undo. */
export const useSelection = create<Selection>()(() => ({ nodes: new Set(), edges: new Set() }));

export function select(nodes: Iterable<string>, edges: Iterable<string> = []): void {
  useSelection.setState({ nodes: new Set(nodes), edges: new Set(edges) });
}

export function toggleSelected(id: string): void {
  const nodes = new Set(useSelection.getState().nodes);
  if (!nodes.delete(id)) nodes.add(id);
  select(nodes, useSelection.getState().edges);
}

export function selectedNodes(): string[] {
  return [...useSelection.getState().nodes];
}
