import type { editor as English } from "../en/editor";

export const editor: Readonly<Record<keyof typeof English, string>> = { "editor.title": "editor" };
