import { Handle, NodeResizer, Position as Side, type NodeProps } from "@xyflow/react";
import { ChevronDown, ChevronRight, Group } from "lucide-react";
import { memo } from "react";
import { t } from "@/shared/i18n/i18n";
import { useMayEdit, useProject } from "@/shared/project/projectStore";
import { statusOfAll } from "@/shared/runs/runState";
import { useRuns } from "@/shared/runs/runStore";
import type { Node } from "@/wire/generated";
import { resized } from "../canvas/dragging";
import type { CanvasNode } from "../canvas/flowItems";
import { toggleCollapsed } from "../model/actions";
import { shownOf } from "../model/collapse";
import { FOOTER_HEIGHT, HEADER_HEIGHT, isCollapsed, portOffset } from "../model/geometry";
import { NodeCard } from "./NodeFrame";
import { StatusIcon } from "./Status";

const NONE: readonly string[] = [];

function holds(count: number): string {
  if (count === 0) return t("flow.groupEmpty");
  return t("flow.groupHolds", { count });
}

function Toggle({ node }: { node: Node }) {
  const mayEdit = useMayEdit();
  const collapsed = isCollapsed(node);
  const Icon = collapsed ? ChevronRight : ChevronDown;
  return (
    <button
      type="button"
      disabled={!mayEdit}
      aria-expanded={!collapsed}
      aria-label={t(collapsed ? "flow.expand" : "flow.collapseOne")}
      className="nodrag grid size-6 shrink-0 place-items-center rounded text-muted hover:bg-hover hover:text-text disabled:opacity-50"
      onClick={() => toggleCollapsed([node.id])}
    >
      <Icon size={15} aria-hidden />
    </button>
  );
}

/** A group as one node: what lies in it, and how that fared. */
function Collapsed({ node, selected }: { node: Node; selected: boolean }) {
  const members = useProject((state) => shownOf(state).members.get(node.id) ?? NONE);
  const status = useRuns((state) => statusOfAll(state.nodes, members));
  const top = portOffset(node, 0);
  return (
    <NodeCard status={status} selected={selected} className="shadow-stack" onDoubleClick={() => toggleCollapsed([node.id])}>
      <div className="flex items-center gap-1.5 border-b border-line pr-3 pl-2" style={{ height: HEADER_HEIGHT }}>
        <Toggle node={node} />
        <span className="min-w-0 flex-1 truncate text-sm font-semibold">{node.title}</span>
        {status !== undefined && <StatusIcon status={status} />}
      </div>
      <div className="flex items-center gap-1.5 px-3 text-2xs text-muted" style={{ height: FOOTER_HEIGHT }}>
        <Group size={12} aria-hidden className="shrink-0" />
        {holds(members.length)}
      </div>
      <Handle type="target" position={Side.Left} isConnectable={false} style={{ top }} className="port" />
      <Handle type="source" position={Side.Right} isConnectable={false} style={{ top }} className="port" />
    </NodeCard>
  );
}

export const GroupNode = memo(function GroupNode({ data: { node }, selected }: NodeProps<CanvasNode>) {
  if (isCollapsed(node)) return <Collapsed node={node} selected={selected} />;
  return (
    <div className={`h-full rounded-xl border border-line-strong bg-panel/55 ${selected ? "node-selected" : ""}`}>
      <NodeResizer
        isVisible={selected}
        minWidth={160}
        minHeight={100}
        onResizeEnd={(_, { x, y, width, height }) => resized(node.id, { x, y, width, height })}
      />
      <div
        className="group-title flex h-9 cursor-grab items-center gap-1 px-2 text-sm font-semibold text-muted"
        onDoubleClick={(event) => {
          event.stopPropagation();
          toggleCollapsed([node.id]);
        }}
      >
        <Toggle node={node} />
        <span className="min-w-0 truncate">{node.title}</span>
      </div>
    </div>
  );
});
