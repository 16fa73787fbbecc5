/** What the page of the audit log asks for. Empty: it does not matter. Days are `2026-03-31`, as the browser's calendar has them. */
export interface AuditFilter {
  actor: string;
  /** A group of actions, such as `token.`. */
  action: string;
  since: string;
  until: string;
}

export const EVERYTHING: AuditFilter = { actor: "", action: "", since: "", until: "" };

/** Groups of actions: the part before the dot is what it happened to. */
export const ACTION_GROUPS = [
  "session.",
  "person.",
  "invitation.",
  "token.",
  "share.",
  "share_link.",
  "project.",
  "sandbox.",
  "course.",
  "member.",
  "exam.",
  "assignment.",
  "submission.",
  "tests.",
  "allowance.",
  "egress.",
  "audit.",
] as const;

/** When a day begins here, `days` later; undefined for what is no day. */
function beginning(day: string, days = 0): number | undefined {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  if (parts === null) return undefined;
  // By the calendar, not by 24 hours: a day is 23 or 25 hours long where clocks change.
  return new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]) + days).getTime() / 1000;
}

/** The filter as the API takes it: `until` is the end of that day. */
export function auditQuery(filter: AuditFilter): Record<string, string | number | undefined> {
  return {
    actor: filter.actor || undefined,
    action: filter.action || undefined,
    since: beginning(filter.since),
    until: beginning(filter.until, 1),
  };
}

/** An entry's details in one line: `by=password, count=3`. */
export function detailLine(detail: Readonly<Record<string, unknown>>): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
}
