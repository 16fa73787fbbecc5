import { NodeResizer, type NodeProps } from "@xyflow/react";
import { memo } from "react";
import { resized } from "../canvas/dragging";
import type { CanvasNode } from "../canvas/flowItems";

export const GroupNode = memo(function GroupNode({ data: { node }, selected }: NodeProps<CanvasNode>) {
  return (
    <div className={`h-full rounded-xl border border-line-strong bg-panel/55 ${selected ? "node-selected" : ""}`}>
      <NodeResizer
        isVisible={selected}
        minWidth={160}
        minHeight={100}
        onResizeEnd={(_, { x, y, width, height }) => resized(node.id, { x, y, width, height })}
      />
      <div className="group-title flex h-9 cursor-grab items-center px-3.5 text-sm font-semibold text-muted">{node.title}</div>
    </div>
  );
});
