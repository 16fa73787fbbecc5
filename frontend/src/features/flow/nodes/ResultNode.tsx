import { NodeResizer, type NodeProps } from "@xyflow/react";
import { Eye } from "lucide-react";
import { memo } from "react";
import { outputPagePath } from "@/shared/api/paths";
import { t } from "@/shared/i18n/i18n";
import { OutputView } from "@/shared/output/OutputView";
import { useProject } from "@/shared/project/projectStore";
import { useNodeRun } from "@/shared/runs/runStore";
import { EmptyState } from "@/shared/ui/states";
import { resized } from "../canvas/dragging";
import type { CanvasNode } from "../canvas/flowItems";
import { HEADER_HEIGHT, inputPorts, outputPorts, portOffset } from "../model/geometry";
import { NodeFrame } from "./NodeFrame";
import { PortDot } from "./PortRow";
import { Status } from "./Status";

export const ResultNode = memo(function ResultNode({ data: { node }, selected }: NodeProps<CanvasNode>) {
  const run = useNodeRun(node.id);
  const projectId = useProject((state) => state.id);
  const output = run?.result?.output ?? null;
  return (
    <NodeFrame nodeId={node.id} selected={selected} className="flex flex-col">
      <NodeResizer
        isVisible={selected}
        minWidth={180}
        minHeight={110}
        onResizeEnd={(_, { x, y, width, height }) => resized(node.id, { x, y, width, height })}
      />
      <div className="flex shrink-0 items-center gap-2 border-b border-line px-3" style={{ height: HEADER_HEIGHT }}>
        <Eye size={14} className="shrink-0 text-result" />
        <span className="min-w-0 flex-1 truncate text-sm font-semibold">{node.title}</span>
        <Status nodeId={node.id} />
      </div>
      <div className="nodrag nowheel min-h-0 flex-1 overflow-auto rounded-b-lg">
        {run === undefined || output === null ? (
          <EmptyState title={t("flow.noResult")} />
        ) : (
          <OutputView output={output} nodeId={node.id} page={outputPagePath(projectId, run.runId, node.id)} compact />
        )}
      </div>
      {inputPorts(node).map((port, index) => (
        <PortDot key={port.name} port={port} side="in" top={portOffset(node, index)} />
      ))}
      {outputPorts(node).map((port, index) => (
        <PortDot key={port.name} port={port} side="out" top={portOffset(node, index)} />
      ))}
    </NodeFrame>
  );
});
