import { getJson } from "@/shared/api/request";
import { parseProjects } from "@/wire/control";
import { useProject } from "./projectStore";

/** Learn what this person may do with the project that is open. */
export async function loadShare(projectId: string): Promise<void> {
  const list = await getJson("/api/project/", parseProjects);
  // What is not in one's list can be open for one reason alone: a look, which changes nothing.
  const share = list.find(({ id }) => id === projectId)?.share ?? "viewer";
  if (useProject.getState().id === projectId) useProject.setState({ share });
}
