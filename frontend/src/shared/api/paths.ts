/** Path of the public API for something of a project: `projectPath("p1", "/nodes/n1")`. */
export function projectPath(projectId: string, rest = ""): string {
  return `/api/project/${encodeURIComponent(projectId)}${rest}`;
}

/** Path of a node. */
export function nodePath(projectId: string, nodeId: string, rest = ""): string {
  return projectPath(projectId, `/nodes/${encodeURIComponent(nodeId)}${rest}`);
}

/** Path of the page that a node returned in a run, or of one of its displays. */
export function outputPagePath(projectId: string, runId: string, nodeId: string, display?: number): string {
  const query = display === undefined ? "" : `?display=${String(display)}`;
  return projectPath(projectId, `/runs/${encodeURIComponent(runId)}/nodes/${encodeURIComponent(nodeId)}/html${query}`);
}
