import type { terminal as English } from "../en/terminal";

export const terminal: Readonly<Record<keyof typeof English, string>> = { "terminal.title": "terminal" };
