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

/** A project of its own, filled from a zip: our folder, or one of the original system. */
export async function importZip(file: File): Promise<ProjectSummary> {
  const project = await createProject(file.name.replace(/\.zip$/i, "") || file.name, "empty");
  try {
    await fill(project.id, file);
  } catch (error) {
    await deleteProject(project.id);
    throw error;
  }
  return project;
}

async function fill(projectId: string, zip: Blob): Promise<void> {
  await request(projectPath(projectId, "/import"), {
    method: "POST",
    body: zip,
    headers: { "Content-Type": "application/zip" },
    query: { mode: "replace" },
  });
}

export async function duplicateProject(project: ProjectSummary, name: string): Promise<ProjectSummary> {
  const archive = await request(exportPath(project.id));
  const copy = await createProject(name, "empty");
  try {
    await fill(copy.id, await archive.blob());
    await request(projectPath(copy.id), { method: "PATCH", json: { name } });
  } catch (error) {
    await deleteProject(copy.id);
    throw error;
  }
  return copy;
}

export function exportPath(projectId: string): string {
  return projectPath(projectId, "/export");
}

export async function deleteProject(projectId: string): Promise<void> {
  await request(projectPath(projectId), { method: "DELETE" });
}

export async function renameProject(projectId: string, name: string): Promise<void> {
  await request(projectPath(projectId), { method: "PATCH", json: { name } });
}
