import { useVirtualizer } from "@tanstack/react-virtual";
import { Search } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { t } from "@/shared/i18n/i18n";
import { useProject } from "@/shared/project/projectStore";
import { openNode } from "@/shared/workspace/workspace";
import { EmptyState } from "@/shared/ui/states";
import { useRowHeight } from "@/shared/ui/useRowHeight";
import type { Node } from "@/wire/generated";
import { useSelection } from "../model/selection";
import { showNode } from "../model/view";
import { Status } from "../nodes/Status";
import { KindIcon } from "./KindIcon";

const ROW = 28;

/** Nodes from left to right, those of a group below it. */
function ordered(nodes: ReadonlyMap<string, Node>, query: string): { node: Node; depth: number }[] {
  const wanted = query.toLowerCase();
  const all = [...nodes.values()].filter((node) => node.title.toLowerCase().includes(wanted));
  all.sort((a, b) => a.position.x - b.position.x || a.position.y - b.position.y);
  const shown = new Set(all.map((node) => node.id));
  const members = Map.groupBy(all, (node) => (shown.has(node.group) ? node.group : ""));
  return (members.get("") ?? []).flatMap((node) => [
    { node, depth: 0 },
    ...(members.get(node.id) ?? []).map((member) => ({ node: member, depth: 1 })),
  ]);
}

/** The flow as a list: the same nodes and actions without the canvas. */
export function Outline() {
  const nodes = useProject((state) => state.nodes);
  const selected = useSelection((state) => state.nodes);
  const [query, setQuery] = useState("");
  const scroller = useRef<HTMLDivElement>(null);
  const rows = ordered(nodes, query);
  const rowHeight = useRowHeight(ROW);
  const list = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
  });
  useEffect(() => list.measure(), [list, rowHeight]);
  return (
    <div className="flex h-full flex-col">
      <label className="relative m-2 block">
        <span className="sr-only">{t("flow.outlineSearch")}</span>
        <Search size={14} className="absolute top-2 left-2.5 text-faint" />
        <input
          type="search"
          value={query}
          placeholder={t("flow.outlineSearch")}
          onChange={(event) => setQuery(event.target.value)}
          className="h-7.5 w-full rounded-md border border-line-strong bg-base pr-2 pl-8 text-xs"
        />
      </label>
      {rows.length === 0 && <EmptyState title={t("flow.jumpNone")} />}
      <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto px-1.5 pb-2">
        <ul aria-label={t("app.panel.outline")} className="relative" style={{ height: list.getTotalSize() }}>
          {list.getVirtualItems().map(({ index, start }) => {
            const row = rows[index];
            if (row === undefined) return null;
            const { node, depth } = row;
            return (
              <li key={node.id} className="absolute inset-x-0" style={{ top: start, height: rowHeight }}>
                <button
                  type="button"
                  aria-pressed={selected.has(node.id)}
                  onClick={() => showNode(node.id)}
                  onDoubleClick={() => {
                    if (node.kind === "code") openNode(node.id);
                  }}
                  className="flex h-full w-full items-center gap-2 rounded-md pr-2 text-left outline-offset-[-2px] hover:bg-hover aria-pressed:bg-hover"
                  style={{ paddingLeft: 8 + depth * 16 }}
                >
                  <KindIcon kind={node.kind} />
                  <span className="min-w-0 flex-1 truncate">{node.title}</span>
                  {node.kind !== "note" && node.kind !== "group" && <Status nodeId={node.id} />}
                </button>
              </li>
            );
          })}
        </ul>
      </div>
    </div>
  );
}
