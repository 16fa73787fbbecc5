import { queryOptions } from "@tanstack/react-query";
import { getJson, request } from "@/shared/api/request";
import { projectPath } from "@/shared/api/paths";
import { parseProjects, parseProjectSummary, parseTemplates, type ProjectSummary } from "@/wire/control";

const REFRESH_MS = 10_000;

/** All projects of this person, with the state of each sandbox. */
export const projectsQuery = queryOptions({
  queryKey: ["projects"],
  queryFn: ({ signal }) => getJson("/api/project/", parseProjects, { signal }),
  refetchInterval: REFRESH_MS,
});

export const templatesQuery = queryOptions({
  queryKey: ["templates"],
  queryFn: ({ signal }) => getJson("/api/templates", parseTemplates, { signal }),
  staleTime: Number.POSITIVE_INFINITY,
});

export function createProject(name: string, template: string): Promise<ProjectSummary> {
  return getJson("/api/project/make", parseProjectSummary, { method: "POST", json: { name, template } });
}

/** A project of its own, from a zip: our folder, or one of the original system. */
export function importZip(file: File): Promise<ProjectSummary> {
  return getJson("/api/project/import", parseProjectSummary, {
    method: "POST",
    body: file,
    headers: { "Content-Type": "application/zip" },
    query: { name: file.name.replace(/\.zip$/i, "") },
  });
}

/** A project of its own, from a Git repository, which its sandbox fetches. */
export function cloneProject(repository: { url: string; branch: string; name: string }): Promise<ProjectSummary> {
  return getJson("/api/project/clone", parseProjectSummary, { method: "POST", json: repository });
}

export function duplicateProject(projectId: string, name: string): Promise<ProjectSummary> {
  return getJson(projectPath(projectId, "/duplicate"), parseProjectSummary, { method: "POST", json: { name } });
}

export function exportPath(projectId: string): string {
  return projectPath(projectId, "/export");
}

export async function deleteProject(projectId: string): Promise<void> {
  await request(projectPath(projectId), { method: "DELETE" });
}

/** Give one's share in somebody else's project back. */
export async function leaveProject(projectId: string): Promise<void> {
  await request(projectPath(projectId, "/share"), { method: "DELETE" });
}

/** Undo a deletion; the server keeps what was deleted for a while. */
export async function restoreProject(projectId: string): Promise<void> {
  await request(projectPath(projectId, "/restore"), { method: "POST" });
}

export async function renameProject(projectId: string, name: string): Promise<void> {
  await request(projectPath(projectId), { method: "PATCH", json: { name } });
}
