import { create } from "zustand";

export interface Toast {
  id: number;
  kind: "info" | "ok" | "error";
  message: string;
  action?: { label: string; run: () => void };
  /** Milliseconds until it goes; errors stay until they are closed. */
  lastsMs?: number;
}

export const useToasts = create<{ toasts: readonly Toast[] }>()(() => ({ toasts: [] }));

let nextId = 0;

/** Tell something in the corner. The same message is not shown twice at once. */
export function notify(toast: Omit<Toast, "id">): number {
  const id = ++nextId;
  useToasts.setState((state) => {
    const others = state.toasts.filter((other) => other.message !== toast.message);
    return { toasts: [...others.slice(-4), { ...toast, id }] };
  });
  return id;
}

export function dismiss(id: number): void {
  useToasts.setState((state) => ({ toasts: state.toasts.filter((toast) => toast.id !== id) }));
}
