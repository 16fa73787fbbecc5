import { BaseEdge, getBezierPath, type EdgeProps } from "@xyflow/react";
import { memo } from "react";
import { useRuns } from "@/shared/runs/runStore";

/** A wire; it is lit while its target waits for or works on what comes through it. */
export const FlowEdgeLine = memo(function FlowEdgeLine(props: EdgeProps) {
  const { sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, target, id } = props;
  const status = useRuns((state) => state.nodes.get(target)?.status);
  const [path] = getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition });
  return <BaseEdge id={id} path={path} className={status === "running" ? "edge-live" : ""} interactionWidth={18} />;
});
