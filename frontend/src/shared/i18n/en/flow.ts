export const flow = { "flow.title": "flow" } as const satisfies Record<string, string>;
