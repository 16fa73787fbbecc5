import type { ReactNode } from "react";

export interface Column {
  title: string;
  /** For screen readers only. */
  hidden?: boolean;
  right?: boolean;
  /** Only where the page is wide: its cells are `WIDE_CELL`. */
  wide?: boolean;
}

/** A table with a heading that stays, which scrolls sideways where the page is narrow. */
export function Table({ label, columns, children }: { label: string; columns: readonly Column[]; children: ReactNode }) {
  return (
    <div className="relative overflow-x-auto rounded-xl border border-line bg-panel shadow-card" tabIndex={0} role="region" aria-label={label}>
      <table className="w-full border-collapse text-sm">
        <thead>
          <tr className="border-b border-line text-left text-xs text-muted">
            {columns.map((column) => (
              <th key={column.title} scope="col" className={`px-3 py-2 font-medium whitespace-nowrap ${column.right === true ? "text-right" : ""} ${column.wide === true ? WIDE_CELL : ""}`}>
                {column.hidden === true ? <span className="sr-only">{column.title}</span> : column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">{children}</tbody>
      </table>
    </div>
  );
}

export const CELL = "px-3 py-2 align-middle";
/** What a narrow page can do without. */
export const WIDE_CELL = "max-lg:hidden";
