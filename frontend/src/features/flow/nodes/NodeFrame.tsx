import type { ReactNode } from "react";
import { useNodeRun } from "@/shared/runs/runStore";
import type { RunStatus } from "@/wire/generated";

const BORDERS: Partial<Record<RunStatus, string>> = {
  running: "border-accent",
  failed: "border-bad",
  timed_out: "border-bad",
  lost: "border-bad",
};

interface CardProps {
  status: RunStatus | undefined;
  selected: boolean;
  onDoubleClick?: () => void;
  className?: string;
  children: ReactNode;
}

/** The card of a node; its border tells of its newest run. */
export function NodeFrame({ nodeId, ...rest }: Omit<CardProps, "status"> & { nodeId: string }) {
  return <NodeCard status={useNodeRun(nodeId)?.status} {...rest} />;
}

export function NodeCard({ status, selected, onDoubleClick, className = "", children }: CardProps) {
  const border = (status === undefined ? undefined : BORDERS[status]) ?? "border-line-strong";
  return (
    <div
      data-status={status}
      onDoubleClick={(event) => {
        event.stopPropagation();
        onDoubleClick?.();
      }}
      className={`relative box-border h-full rounded-lg border bg-raised shadow-card ${border} ${selected ? "node-selected" : ""} ${className}`}
    >
      {children}
    </div>
  );
}
