export const statusbar = { "statusbar.title": "statusbar" } as const satisfies Record<string, string>;
