import { isRecord } from "@/wire/parse";

export interface Table {
  columns: { name: string; type: string }[];
  rows: unknown[][];
  totalRows: number;
}

export const TABLE_MIME = "application/vnd.aimforge.table+json";

/** The table representation, as text or as a value; null when it is none. */
export function readTable(given: unknown): Table | null {
  let value = given;
  if (typeof value === "string") {
    try {
      value = JSON.parse(value);
    } catch {
      return null;
    }
  }
  if (!isRecord(value)) return null;
  const { columns, rows, total_rows: total } = value;
  if (!Array.isArray(columns) || !Array.isArray(rows)) return null;
  return {
    columns: columns.filter(isRecord).map((column) => ({
      name: String(column["name"]),
      type: typeof column["type"] === "string" ? column["type"] : "",
    })),
    rows: rows.filter((row): row is unknown[] => Array.isArray(row)),
    totalRows: typeof total === "number" ? total : rows.length,
  };
}

export function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
