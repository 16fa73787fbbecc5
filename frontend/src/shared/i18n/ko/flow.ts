import type { flow as English } from "../en/flow";

export const flow: Readonly<Record<keyof typeof English, string>> = { "flow.title": "flow" };
