import { getJson } from "@/shared/api/request";
import { parseProjects } from "@/wire/control";
import { useProject } from "./projectStore";

/** Learn what this person may do with the project that is open. */
export async function loadShare(projectId: string): Promise<void> {
  const list = await getJson("/api/project/", parseProjects);
  const share = list.find(({ id }) => id === projectId)?.share;
  if (share !== undefined && useProject.getState().id === projectId) useProject.setState({ share });
}
