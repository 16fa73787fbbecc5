import { useId, type ReactNode } from "react";

export interface Column {
  title: string;
  /** For screen readers only. */
  hidden?: boolean;
  right?: boolean;
  /** Only where the page is wide: its cells are `WIDE_CELL`. */
  wide?: boolean;
}

interface TableProps {
  label: string;
  columns: readonly Column[];
  /** What its words and buttons mean, below it: told to who cannot hover, too. Empty: nothing. */
  note?: string;
  children: ReactNode;
}

function Scrolled({ label, columns, children, noteId }: Omit<TableProps, "note"> & { noteId: string | undefined }) {
  return (
    <div
      className="relative overflow-x-auto rounded-xl border border-line bg-panel shadow-card"
      tabIndex={0}
      role="region"
      aria-label={label}
      aria-describedby={noteId}
    >
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

/** A table with a heading that stays, which scrolls sideways where the page is narrow. Its cells wrap: nothing of them is cut. */
export function Table({ note = "", ...table }: TableProps) {
  const id = useId();
  return (
    <>
      <Scrolled {...table} noteId={note === "" ? undefined : id} />
      {note !== "" && (
        <p id={id} className="px-1 text-xs whitespace-pre-line text-muted">
          {note}
        </p>
      )}
    </>
  );
}

export const CELL = "px-3 py-2 align-middle";
/** What a narrow page can do without. */
export const WIDE_CELL = "max-lg:hidden";
