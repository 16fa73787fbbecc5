import type { NodeChange } from "@xyflow/react";
import { create } from "zustand";
import type { Position } from "@/wire/generated";
import { graph } from "../model/actions";
import { insertDropped } from "../model/adding";
import { perform } from "../model/history";
import { select, useSelection } from "../model/selection";
import { edit, moveTo, regrouped, withMembersPlaced } from "../model/steps";
import type { CanvasNode } from "./flowItems";

/** Where nodes are while they are pulled; the graph learns of it when they are let go. */
export const useDragging = create<{ positions: ReadonlyMap<string, Position> }>()(() => ({ positions: new Map() }));

export function dragTo(moved: ReadonlyMap<string, Position>): void {
  useDragging.setState((state) => ({ positions: withMembersPlaced(graph(), new Map([...state.positions, ...moved])) }));
}

/** Let go: one step of the history. */
export function drop(): void {
  const { positions } = useDragging.getState();
  if (positions.size === 0) return;
  perform(regrouped(graph(), moveTo(graph(), positions)));
  useDragging.setState({ positions: new Map() });
  const [only, ...others] = positions.keys();
  if (only !== undefined && others.length === 0) insertDropped(only);
}

/** What XYFlow reports of nodes: moves, sizes and selection; all else is ours. */
export function nodesChanged(changes: readonly NodeChange<CanvasNode>[]): void {
  const moved = new Map<string, Position>();
  const selected = new Set(useSelection.getState().nodes);
  let selectionChanged = false;
  for (const item of changes) {
    if (item.type === "position" && item.position !== undefined && item.dragging === true) moved.set(item.id, item.position);
    else if (item.type === "select") {
      selectionChanged = true;
      if (item.selected) selected.add(item.id);
      else selected.delete(item.id);
    }
  }
  if (moved.size > 0) dragTo(moved);
  if (selectionChanged) select(selected, useSelection.getState().edges);
}

export function edgesChanged(changes: readonly { type: string; id?: string; selected?: boolean }[]): void {
  const selected = new Set(useSelection.getState().edges);
  for (const item of changes) {
    if (item.type !== "select" || item.id === undefined) continue;
    if (item.selected === true) selected.add(item.id);
    else selected.delete(item.id);
  }
  select(useSelection.getState().nodes, selected);
}

/** A node was made larger or smaller by its corner. */
export function resized(id: string, to: { x: number; y: number; width: number; height: number }): void {
  const node = graph().nodes.get(id);
  if (node === undefined) return;
  const after = { ...node, position: { x: to.x, y: to.y }, size: { width: to.width, height: to.height } };
  perform(edit("resize", { nodes: [[id, { before: node, after }]] }));
}
