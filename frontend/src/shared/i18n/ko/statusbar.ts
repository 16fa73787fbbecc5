import type { statusbar as English } from "../en/statusbar";

export const statusbar: Readonly<Record<keyof typeof English, string>> = { "statusbar.title": "statusbar" };
