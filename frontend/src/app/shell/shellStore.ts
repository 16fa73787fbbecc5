import { create } from "zustand";

/** Which of the page-wide dialogs is open. */
export const useShell = create<{ dialog: "palette" | "keys" | null }>()(() => ({ dialog: null }));

export function openDialog(dialog: "palette" | "keys" | null): void {
  useShell.setState({ dialog });
}
