import type { runs as English } from "../en/runs";

export const runs: Readonly<Record<keyof typeof English, string>> = { "runs.title": "runs" };
