export const editor = { "editor.title": "editor" } as const satisfies Record<string, string>;
