import type { files as English } from "../en/files";

export const files: Readonly<Record<keyof typeof English, string>> = { "files.title": "files" };
