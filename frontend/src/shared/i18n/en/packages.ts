export const packages = { "packages.title": "packages" } as const satisfies Record<string, string>;
