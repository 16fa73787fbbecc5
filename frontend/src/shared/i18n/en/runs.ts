export const runs = { "runs.title": "runs" } as const satisfies Record<string, string>;
