export const projects = { "projects.title": "projects" } as const satisfies Record<string, string>;
