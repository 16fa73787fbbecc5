import { queryOptions } from "@tanstack/react-query";
import { projectPath } from "@/shared/api/paths";
import { getJson, request } from "@/shared/api/request";
import { parseAccepted, parseShare, parseShareLink, parseShares, type Accepted, type GivenShare, type ShareInfo, type ShareLinkInfo } from "@/wire/people";

/** Who has a share in a project, and the links that give one. For its owner alone. */
export function sharesQuery(projectId: string) {
  return queryOptions({
    queryKey: ["shares", projectId],
    queryFn: ({ signal }) => getJson(projectPath(projectId, "/shares"), parseShares, { signal }),
  });
}

export function addShare(projectId: string, login: string, share: GivenShare): Promise<ShareInfo> {
  return getJson(projectPath(projectId, "/shares"), parseShare, { method: "POST", json: { login, share } });
}

function sharePath(projectId: string, personId: string): string {
  return projectPath(projectId, `/shares/${encodeURIComponent(personId)}`);
}

export async function changeShare(projectId: string, personId: string, share: GivenShare): Promise<void> {
  await request(sharePath(projectId, personId), { method: "PATCH", json: { share } });
}

export async function removeShare(projectId: string, personId: string): Promise<void> {
  await request(sharePath(projectId, personId), { method: "DELETE" });
}

export function createLink(projectId: string, share: GivenShare, days: number): Promise<ShareLinkInfo> {
  const json = { share, expires_in_sec: days * 86_400 };
  return getJson(projectPath(projectId, "/share-links"), parseShareLink, { method: "POST", json });
}

export async function revokeLink(projectId: string, linkId: string): Promise<void> {
  await request(projectPath(projectId, `/share-links/${encodeURIComponent(linkId)}`), { method: "DELETE" });
}

/** Take what a link gives: `secret` is what follows its `#`. */
export function acceptShare(secret: string): Promise<Accepted> {
  return getJson("/api/shares/accept", parseAccepted, { method: "POST", json: { token: secret } });
}
