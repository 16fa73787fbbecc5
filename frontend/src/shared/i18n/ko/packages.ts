import type { packages as English } from "../en/packages";

export const packages: Readonly<Record<keyof typeof English, string>> = { "packages.title": "packages" };
