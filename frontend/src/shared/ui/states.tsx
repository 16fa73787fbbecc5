import { LoaderCircle } from "lucide-react";
import type { ReactNode } from "react";

interface EmptyStateProps {
  icon?: ReactNode;
  title: string;
  /** It is all of the page: its title is the page's heading. */
  whole?: boolean;
  children?: ReactNode;
}

/** Nothing is here: says so, and what to do. */
export function EmptyState({ icon, title, whole = false, children }: EmptyStateProps) {
  const Title = whole ? "h1" : "p";
  return (
    <div className="flex h-full flex-col items-center justify-center gap-2 p-6 text-center">
      {icon !== undefined && <span className="text-faint">{icon}</span>}
      <Title className="font-medium text-muted">{title}</Title>
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
