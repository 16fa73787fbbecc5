import { BaseEdge, EdgeLabelRenderer, getBezierPath, type EdgeProps } from "@xyflow/react";
import { memo } from "react";
import { useRuns } from "@/shared/runs/runStore";
import type { CanvasEdge } from "./flowItems";

/** A wire; it is lit while its target waits for or works on what comes through it. */
export const FlowEdgeLine = memo(function FlowEdgeLine(props: EdgeProps<CanvasEdge>) {
  const { sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, target, id, data } = props;
  const status = useRuns((state) => state.nodes.get(target)?.status);
  const [path, middleX, middleY] = getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition });
  const broken = data?.broken ?? "";
  return (
    <>
      <BaseEdge id={id} path={path} className={status === "running" ? "edge-live" : ""} interactionWidth={18} />
      {broken !== "" && (
        <EdgeLabelRenderer>
          <p
            className="absolute max-w-56 rounded-md border border-bad/50 bg-bad-soft px-2 py-1 text-2xs text-bad"
            style={{ transform: `translate(-50%, -50%) translate(${String(middleX)}px, ${String(middleY)}px)` }}
          >
            {broken}
          </p>
        </EdgeLabelRenderer>
      )}
    </>
  );
});
