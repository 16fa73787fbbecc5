import { NodeResizer, type NodeProps } from "@xyflow/react";
import { memo, useState } from "react";
import { t } from "@/shared/i18n/i18n";
import { Markdown } from "@/shared/output/Markdown";
import { resized } from "../canvas/dragging";
import type { CanvasNode } from "../canvas/flowItems";
import { perform } from "../model/history";
import { change } from "../model/steps";

export const NoteNode = memo(function NoteNode({ data: { node }, selected }: NodeProps<CanvasNode>) {
  const [editing, setEditing] = useState(false);
  const value = node.settings["text"];
  const text = typeof value === "string" ? value : "";
  const finish = (next: string) => {
    setEditing(false);
    if (next !== text) perform(change(node, { settings: { ...node.settings, text: next } }));
  };
  return (
    <div
      className={`h-full overflow-hidden rounded-lg border border-note/40 bg-warn-soft text-sm ${selected ? "node-selected" : ""}`}
      onDoubleClick={(event) => {
        event.stopPropagation();
        setEditing(true);
      }}
    >
      <NodeResizer
        isVisible={selected}
        minWidth={120}
        minHeight={60}
        onResizeEnd={(_, { x, y, width, height }) => resized(node.id, { x, y, width, height })}
      />
      {editing ? (
        <textarea
          autoFocus
          aria-label={node.title}
          defaultValue={text}
          className="nodrag nowheel h-full w-full resize-none bg-transparent p-3 font-mono text-xs outline-none"
          onBlur={(event) => finish(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") finish(event.currentTarget.value);
          }}
        />
      ) : (
        <div className="h-full overflow-hidden p-3">
          {text === "" ? <p className="text-muted">{t("flow.emptyNote")}</p> : <Markdown text={text} />}
        </div>
      )}
    </div>
  );
});
