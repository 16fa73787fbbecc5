import type { projects as English } from "../en/projects";

export const projects: Readonly<Record<keyof typeof English, string>> = { "projects.title": "projects" };
