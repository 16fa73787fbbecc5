import type { TestTable } from "@/wire/courses";

/** A cell as spreadsheets read it. What begins like a formula is made a text: it may come from a student. */
function cell(value: string | number | null): string {
  if (typeof value === "number") return String(value);
  const text = value ?? "";
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** The results as CSV: a line for each student, and for each test whether it passed, its points and what it said. */
export function testsCsv({ tests, rows }: TestTable): string {
  const head = ["login", "name", "state", "passed", "of", "points", ...tests.flatMap(({ title }) => [title, `${title}: points`, `${title}: message`])];
  const lines = rows.map((row) => [
    row.login,
    row.name,
    row.state,
    row.passed,
    row.of,
    row.points,
    ...tests.flatMap(({ node }) => {
      const result = row.results[node];
      return result === undefined ? ["", "", ""] : [result.passed ? "passed" : "failed", result.points, result.message];
    }),
  ]);
  // Told to be UTF-8: spreadsheet programs guess otherwise.
  return `\uFEFF${[head, ...lines].map((line) => line.map(cell).join(",")).join("\r\n")}\r\n`;
}
