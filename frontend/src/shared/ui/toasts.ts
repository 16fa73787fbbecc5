import { create } from "zustand";

export interface Toast {
  id: number;
  kind: "info" | "ok" | "error";
  message: string;
  action?: { label: string; run: () => void };
}

export const useToasts = create<{ toasts: readonly Toast[] }>()(() => ({ toasts: [] }));

let nextId = 0;

/** Tell something in the corner. Errors stay until they are closed; the rest goes after six seconds. */
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
