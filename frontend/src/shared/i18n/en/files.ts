export const files = { "files.title": "files" } as const satisfies Record<string, string>;
