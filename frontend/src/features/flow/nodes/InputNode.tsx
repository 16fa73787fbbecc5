import type { NodeProps } from "@xyflow/react";
import { File, Hash, List, Type } from "lucide-react";
import { memo } from "react";
import { useMayEdit } from "@/shared/project/projectStore";
import type { CanvasNode } from "../canvas/flowItems";
import { HEADER_HEIGHT, INPUT_BODY_HEIGHT, outputPorts, portOffset } from "../model/geometry";
import { InputValue } from "./InputValue";
import { NodeFrame } from "./NodeFrame";
import { PortDot } from "./PortRow";

const ICONS = { text: Type, number: Hash, choice: List, file: File };

export const InputNode = memo(function InputNode({ data: { node }, selected }: NodeProps<CanvasNode>) {
  const mayEdit = useMayEdit();
  const input = node.settings["input"];
  const Icon = input === "number" || input === "choice" || input === "file" ? ICONS[input] : ICONS.text;
  return (
    <NodeFrame nodeId={node.id} selected={selected}>
      <div className="flex items-center gap-2 px-3" style={{ height: HEADER_HEIGHT }}>
        <Icon size={14} className="shrink-0 text-input" />
        <span className="min-w-0 flex-1 truncate text-sm font-semibold">{node.title}</span>
      </div>
      <fieldset disabled={!mayEdit} className="nodrag nopan px-2.5" style={{ height: INPUT_BODY_HEIGHT }}>
        <InputValue node={node} hideLabel />
      </fieldset>
      {outputPorts(node).map((port, index) => (
        <PortDot key={port.name} port={port} side="out" top={portOffset(node, index)} />
      ))}
    </NodeFrame>
  );
});
