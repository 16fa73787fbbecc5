export const terminal = { "terminal.title": "terminal" } as const satisfies Record<string, string>;
