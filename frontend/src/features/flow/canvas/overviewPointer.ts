import type { PointerEvent } from "react";
import type { Position } from "@/wire/generated";
import { graph, shownGraph } from "../model/actions";
import { mayEdit } from "@/shared/project/projectStore";
import { select, selectedNodes, toggleSelected, useSelection } from "../model/selection";
import { useView } from "../model/view";
import { dragTo, drop } from "./dragging";
import { nodeAt } from "./paint";

const CLICK_PIXELS = 4;

/** Select and move nodes on the painted overview. Returns whether a node took the press. */
export function pressOnOverview(event: PointerEvent<HTMLElement>): boolean {
  const { view } = useView.getState();
  if (view === null || event.button !== 0) return false;
  const start = view.toCanvas({ x: event.clientX, y: event.clientY });
  const hit = nodeAt(shownGraph(), start);
  if (hit === undefined) return false;
  event.stopPropagation();
  event.preventDefault();
  if (event.shiftKey) toggleSelected(hit.id);
  else if (!useSelection.getState().nodes.has(hit.id)) select([hit.id]);
  if (!mayEdit()) return true;
  const { nodes } = graph();
  const moving = selectedNodes().flatMap((id) => nodes.get(id) ?? []);
  const pressed = { x: event.clientX, y: event.clientY };
  let dragging = false;
  const move = (next: globalThis.PointerEvent) => {
    dragging ||= Math.hypot(next.clientX - pressed.x, next.clientY - pressed.y) > CLICK_PIXELS;
    if (!dragging) return;
    const at = view.toCanvas({ x: next.clientX, y: next.clientY });
    const place = ({ x, y }: Position) => ({ x: x + at.x - start.x, y: y + at.y - start.y });
    dragTo(new Map(moving.map((node) => [node.id, place(node.position)])));
  };
  const end = () => {
    window.removeEventListener("pointermove", move);
    window.removeEventListener("pointerup", end);
    window.removeEventListener("pointercancel", end);
    drop();
  };
  window.addEventListener("pointermove", move);
  window.addEventListener("pointerup", end);
  window.addEventListener("pointercancel", end);
  return true;
}
