import { queryOptions } from "@tanstack/react-query";
import { projectPath } from "@/shared/api/paths";
import { getJson } from "@/shared/api/request";
import { parseProjectEgress, type EgressMode, type ProjectEgress } from "@/wire/allowances";

const EVERY_MS = 5_000;

export function egressQuery(projectId: string) {
  return queryOptions({
    queryKey: ["egress", projectId],
    queryFn: ({ signal }) => getJson(projectPath(projectId, "/egress"), parseProjectEgress, { signal }),
    enabled: projectId !== "",
    refetchInterval: EVERY_MS,
  });
}

export interface OwnEgress {
  hosts: readonly string[];
  /** Null: what is said of everybody, the role or the course. */
  mode: EgressMode | null;
  /** Hosts that were asked for and stay closed. */
  refused?: readonly string[];
}

export function changeEgress(projectId: string, json: OwnEgress): Promise<ProjectEgress> {
  return getJson(projectPath(projectId, "/egress"), parseProjectEgress, { method: "PUT", json });
}

export function askForHost(projectId: string, host: string): Promise<ProjectEgress> {
  return getJson(projectPath(projectId, "/egress/ask"), parseProjectEgress, { method: "POST", json: { host } });
}
