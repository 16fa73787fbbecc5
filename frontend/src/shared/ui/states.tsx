import { LoaderCircle } from "lucide-react";
import type { ReactNode } from "react";

/** Nothing is here: says so, and what to do. */
export function EmptyState({ icon, title, children }: { icon?: ReactNode; title: string; children?: ReactNode }) {
  return (
    <div className="flex h-full flex-col items-center justify-center gap-2 p-6 text-center">
      {icon !== undefined && <span className="text-faint">{icon}</span>}
      <p className="font-medium text-muted">{title}</p>
      {children !== undefined && <div className="max-w-72 text-xs text-faint">{children}</div>}
    </div>
  );
}

export function Loading({ label }: { label: string }) {
  return (
    <div role="status" className="flex h-full items-center justify-center gap-2 p-4 text-muted">
      <LoaderCircle size={16} className="animate-spin" />
      {label}
    </div>
  );
}
