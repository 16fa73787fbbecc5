import { queryOptions } from "@tanstack/react-query";
import { projectPath } from "@/shared/api/paths";
import { getJson, request } from "@/shared/api/request";
import { parseLook } from "@/wire/courses";
import { listOf } from "@/wire/fields";

/** Who looked at a project that is not theirs, the newest first. */
export function looksQuery(projectId: string) {
  return queryOptions({
    queryKey: ["looks", projectId],
    queryFn: ({ signal }) => getJson(projectPath(projectId, "/looks"), listOf(parseLook), { signal }),
  });
}

/** Look at somebody's project: read-only, for an hour; its people are told. */
export async function look(projectId: string): Promise<void> {
  await request(projectPath(projectId, "/look"), { method: "POST" });
}
