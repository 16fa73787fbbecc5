import { COURSE_ROLES, type CourseRole, type LineProblem } from "@/wire/courses";

/**
 * A list of members before it is sent: what the server will take of it, and what is wrong, line by line. The server reads the list
 * itself and has the last word.
 */

export interface ListedMember {
  line: number;
  login: string;
  name: string;
  role: CourseRole;
}

export interface MemberList {
  members: ListedMember[];
  problems: (LineProblem & { problem: ListProblem })[];
}

export type ListProblem = "login" | "twice" | "role";

const HEADINGS: Readonly<Record<string, "login" | "name" | "role">> = {
  login: "login",
  email: "login",
  "e-mail": "login",
  mail: "login",
  username: "login",
  name: "name",
  "full name": "name",
  role: "role",
};
const COLUMNS = ["login", "name", "role"] as const;

/** The cells of one line; quotes hold separators, and two of them are one. */
export function cellsOf(line: string, delimiter: string): string[] {
  const cells: string[] = [];
  let cell = "";
  let quoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (quoted && char === '"' && line.charAt(at + 1) === '"') {
      cell += '"';
      at += 1;
    } else if (char === '"') quoted = !quoted;
    else if (char === delimiter && !quoted) {
      cells.push(cell);
      cell = "";
    } else cell += char;
  }
  return [...cells, cell].map((text) => text.trim());
}

function delimiterOf(lines: readonly string[]): string {
  const first = lines.find((line) => line.trim() !== "") ?? "";
  const count = (char: string) => first.split(char).length;
  return [",", ";", "\t"].reduce((best, char) => (count(char) > count(best) ? char : best));
}

export function readMemberList(text: string): MemberList {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  const delimiter = delimiterOf(lines);
  const members = new Map<string, ListedMember>();
  const problems: MemberList["problems"] = [];
  let columns: readonly (string | undefined)[] | null = null;
  lines.forEach((line, index) => {
    const cells = cellsOf(line, delimiter);
    if (cells.every((cell) => cell === "")) return;
    if (columns === null) {
      const named = cells.map((cell) => HEADINGS[cell.toLowerCase()]);
      columns = named.includes("login") ? named : COLUMNS;
      if (columns === named) return;
    }
    const cellOf = (column: string) => cells[(columns ?? COLUMNS).indexOf(column)] ?? "";
    const problem = (kind: ListProblem) => problems.push({ line: index + 1, text: line.slice(0, 80), problem: kind });
    const login = cellOf("login").toLowerCase();
    const wanted = cellOf("role").toLowerCase() || "student";
    const role = COURSE_ROLES.find((known) => known === wanted);
    if (login === "" || /\s/.test(login)) problem("login");
    else if (role === undefined) problem("role");
    else if (members.has(login)) problem("twice");
    else members.set(login, { line: index + 1, login, name: cellOf("name") || login, role });
  });
  return { members: [...members.values()], problems };
}
