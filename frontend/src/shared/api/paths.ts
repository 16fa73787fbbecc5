/** Path of the public API for something of a project: `projectPath("p1", "/nodes/n1")`. */
export function projectPath(projectId: string, rest = ""): string {
  return `/api/project/${encodeURIComponent(projectId)}${rest}`;
}

/** Path of a node. */
export function nodePath(projectId: string, nodeId: string, rest = ""): string {
  return projectPath(projectId, `/nodes/${encodeURIComponent(nodeId)}${rest}`);
}
