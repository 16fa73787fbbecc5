import { create } from "zustand";
import type { Position } from "@/wire/generated";
import type { Rect } from "./geometry";

/** What the canvas lets others do with its viewport. */
export interface View {
  fit: (ids?: readonly string[]) => void;
  zoomBy: (factor: number) => void;
  /** Bring a node to the middle. */
  show: (id: string) => void;
  toCanvas: (screen: Position) => Position;
  /** Middle of what is seen, in canvas units. */
  centre: () => Position;
  /** What is seen, in canvas units: without a margin, and without the strip of tools. */
  seen: () => Rect;
  /** Move the viewport as little as may be until a part of the canvas is seen, and zoom out if it is too large for that. */
  reveal: (rect: Rect) => void;
}

interface ViewState {
  view: View | null;
  /** A list that is open on the canvas. */
  popup: Popup | null;
}

export type Popup =
  /** `screen` is where the list opens; the node comes to `at`, in canvas units, or else near the middle of what is seen. */
  | { kind: "add"; screen: Position; at?: Position; from?: { source: string; sourcePort: string } }
  | { kind: "connect"; nodeId: string }
  | { kind: "jump" };

export const useView = create<ViewState>()(() => ({ view: null, popup: null }));

export function openPopup(popup: Popup | null): void {
  useView.setState({ popup });
}

/** Select a node and bring it to the middle. */
export function showNode(id: string): void {
  useView.getState().view?.show(id);
}
