import type { NodeProps } from "@xyflow/react";
import { Braces, CircleAlert, Pin, RefreshCwOff } from "lucide-react";
import { memo } from "react";
import { t } from "@/shared/i18n/i18n";
import { toldPlainly } from "@/shared/i18n/told";
import { openNode } from "@/shared/workspace/workspace";
import type { Node } from "@/wire/generated";
import { footId, type CanvasNode } from "../canvas/flowItems";
import { FOOTER_HEIGHT, HEADER_HEIGHT, inputPorts, outputPorts, portOffset, PORTS_PADDING } from "../model/geometry";
import { NodeFrame } from "./NodeFrame";
import { PortDot, PortRow } from "./PortRow";
import { Status, StatusLine } from "./Status";

function Rows({ node }: { node: Node }) {
  const inputs = inputPorts(node);
  const outputs = outputPorts(node);
  const rows = Math.max(1, inputs.length, outputs.length);
  return (
    <div style={{ paddingBlock: PORTS_PADDING }}>
      {Array.from({ length: rows }, (_, row) => (
        <PortRow key={row} input={inputs[row]} output={outputs[row]} />
      ))}
    </div>
  );
}

export const CodeNode = memo(function CodeNode({ data: { node }, selected }: NodeProps<CanvasNode>) {
  return (
    <NodeFrame nodeId={node.id} selected={selected} onDoubleClick={() => openNode(node.id)}>
      <div className="flex items-center gap-2 border-b border-line px-3" style={{ height: HEADER_HEIGHT }}>
        <Braces size={14} className="shrink-0 text-code" />
        <span className="min-w-0 flex-1 truncate text-sm font-semibold">{node.title}</span>
        {node.cache === "pinned" && <Pin size={12} className="text-info" aria-label={t("flow.cache.pinned")} role="img" />}
        {node.cache === "never" && <RefreshCwOff size={12} className="text-faint" aria-label={t("flow.cache.never")} role="img" />}
        <Status nodeId={node.id} />
      </div>
      <Rows node={node} />
      <div id={footId(node.id)} className="flex items-center gap-1.5 border-t border-line px-3" style={{ height: FOOTER_HEIGHT }}>
        {node.ports.error === "" ? (
          <StatusLine nodeId={node.id} />
        ) : (
          <>
            <CircleAlert size={12} className="shrink-0 text-bad" />
            <p className="truncate text-2xs text-bad" title={toldPlainly(node.ports.error)}>
              {toldPlainly(node.ports.error)}
            </p>
          </>
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
