import { create } from "zustand";
import type { Position } from "@/wire/generated";

/** What the canvas lets others do with its viewport. */
export interface View {
  fit: (ids?: readonly string[]) => void;
  zoomBy: (factor: number) => void;
  /** Bring a node to the middle. */
  show: (id: string) => void;
  toCanvas: (screen: Position) => Position;
  /** Middle of what is seen, in canvas units. */
  centre: () => Position;
}

interface ViewState {
  view: View | null;
  /** A list that is open on the canvas. */
  popup: Popup | null;
}

export type Popup =
  | { kind: "add"; screen: Position; from?: { source: string; sourcePort: string } }
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
