import { create } from "zustand";

/** Where the cursor of the focused editor stands, for the status bar; null when no editor is open. Counted from 1. */
export interface Cursor {
  line: number;
  column: number;
  /** Characters that are selected. */
  selected: number;
  language: string;
}

export const useCursor = create<{ cursor: Cursor | null }>()(() => ({ cursor: null }));

export function setCursor(cursor: Cursor | null): void {
  useCursor.setState({ cursor });
}
