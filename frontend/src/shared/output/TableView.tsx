import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp, ChevronLeft, ChevronRight } from "lucide-react";
import { useRef, useState } from "react";
import { getJson } from "@/shared/api/request";
import { nodePath } from "@/shared/api/paths";
import { t } from "@/shared/i18n/i18n";
import { useProject } from "@/shared/project/projectStore";
import { IconButton } from "@/shared/ui/Button";
import { ParseError } from "@/wire/parse";
import { cellText, readTable, type Table } from "./table";

const PAGE = 200;
const ROW = 25;

interface Order {
  column: string;
  descending: boolean;
}

function parseTable(value: unknown): Table {
  const table = readTable(value);
  if (table === null) throw new ParseError("table: not a table");
  return table;
}

/** A page of the table that the node returned; the first one came with the result. */
function usePage(first: Table, nodeId: string | undefined, resultKey: string, page: number, order: Order | null): Table {
  const projectId = useProject((state) => state.id);
  const asked = nodeId !== undefined && (page > 0 || order !== null);
  const query = useQuery({
    queryKey: ["table", projectId, nodeId, resultKey, page, order],
    enabled: asked,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      getJson(nodePath(projectId, nodeId ?? "", "/table"), parseTable, {
        signal,
        query: {
          offset: page * PAGE,
          limit: PAGE,
          column: order?.column,
          order: order === null ? undefined : order.descending ? "desc" : "asc",
        },
      }),
  });
  return asked ? (query.data ?? first) : first;
}

function Head({ table, order, onOrder }: { table: Table; order: Order | null; onOrder: (column: string) => void }) {
  return (
    <tr>
      {table.columns.map((column) => (
        <th
          key={column.name}
          scope="col"
          aria-sort={order?.column === column.name ? (order.descending ? "descending" : "ascending") : "none"}
          className="sticky top-0 z-1 border-b border-line bg-panel p-0 text-left font-medium"
        >
          <button type="button" className="flex w-full items-center gap-1 px-2.5 py-1 hover:bg-hover" onClick={() => onOrder(column.name)}>
            {column.name}
            <span className="font-mono text-2xs font-normal text-faint">{column.type}</span>
            {order?.column === column.name && (order.descending ? <ArrowDown size={11} /> : <ArrowUp size={11} />)}
          </button>
        </th>
      ))}
    </tr>
  );
}

interface Props {
  table: Table;
  /** The node whose result this is; without it there is only what came with the result. */
  nodeId?: string | undefined;
  resultKey: string;
}

/** A table: rows that are seen are drawn, further pages are fetched, columns sort in the sandbox. */
export function TableView({ table: first, nodeId, resultKey }: Props) {
  const [page, setPage] = useState(0);
  const [order, setOrder] = useState<Order | null>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const table = usePage(first, nodeId, resultKey, page, order);
  const list = useVirtualizer({ count: table.rows.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 12 });
  const visible = list.getVirtualItems();
  const before = visible[0]?.start ?? 0;
  const after = list.getTotalSize() - (visible.at(-1)?.end ?? 0);
  const pages = Math.max(1, Math.ceil(first.totalRows / PAGE));
  const sort = (column: string) => {
    if (nodeId === undefined) return;
    setPage(0);
    setOrder((old) => (old?.column !== column ? { column, descending: false } : old.descending ? null : { column, descending: true }));
  };
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div ref={scroller} className="min-h-0 flex-1 overflow-auto" tabIndex={0} role="region" aria-label={t("runs.output.table")}>
        <table className="min-w-full border-separate border-spacing-0 text-xs">
          <thead>
            <Head table={table} order={order} onOrder={sort} />
          </thead>
          <tbody className="tabular">
            {before > 0 && <tr aria-hidden style={{ height: before }} />}
            {visible.map(({ index }) => (
              <tr key={index} className="hover:bg-hover" style={{ height: ROW }}>
                {table.rows[index]?.map((cell, column) => (
                  <td key={column} className={`max-w-72 truncate border-b border-line px-2.5 ${typeof cell === "number" ? "text-right" : ""}`}>
                    {cell === null ? <span className="text-faint">–</span> : cellText(cell)}
                  </td>
                ))}
              </tr>
            ))}
            {after > 0 && <tr aria-hidden style={{ height: after }} />}
          </tbody>
        </table>
      </div>
      <div className="flex h-7 shrink-0 items-center gap-1 border-t border-line px-2 text-2xs text-faint">
        <span className="flex-1">{t("runs.output.rows", { rows: first.totalRows, columns: first.columns.length })}</span>
        {nodeId !== undefined && pages > 1 && (
          <>
            <IconButton small label={t("runs.output.previous")} icon={<ChevronLeft size={13} />} disabled={page === 0} onClick={() => setPage(page - 1)} />
            <span className="tabular">{t("runs.output.page", { page: page + 1, pages })}</span>
            <IconButton small label={t("runs.output.next")} icon={<ChevronRight size={13} />} disabled={page + 1 >= pages} onClick={() => setPage(page + 1)} />
          </>
        )}
      </div>
    </div>
  );
}
