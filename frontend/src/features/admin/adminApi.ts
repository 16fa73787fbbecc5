import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { getJson, request, withQuery } from "@/shared/api/request";
import { listOf } from "@/wire/fields";
import {
  parseAuditPage,
  parseInvitation,
  parsePerson,
  parseSandboxInfo,
  parseSettings,
  type InvitationInfo,
  type PersonInfo,
  type Role,
} from "@/wire/people";
import { auditQuery, type AuditFilter } from "./auditFilter";

const SANDBOXES_EVERY_MS = 5_000;
const FIRST_PAGE: number | undefined = undefined;

export const peopleQuery = queryOptions({
  queryKey: ["people"],
  queryFn: ({ signal }) => getJson("/api/people", listOf(parsePerson), { signal }),
});

export const invitationsQuery = queryOptions({
  queryKey: ["invitations"],
  queryFn: ({ signal }) => getJson("/api/invitations", listOf(parseInvitation), { signal }),
});

/** All sandboxes, with what those that run use. */
export const sandboxesQuery = queryOptions({
  queryKey: ["sandboxes"],
  queryFn: ({ signal }) => getJson("/api/admin/sandboxes", listOf(parseSandboxInfo), { signal, query: { usage: true } }),
  refetchInterval: SANDBOXES_EVERY_MS,
});

/** What the control plane was started with. */
export const settingsQuery = queryOptions({
  queryKey: ["settings"],
  queryFn: ({ signal }) => getJson("/api/admin/settings", parseSettings, { signal }),
});

/** The audit log, newest first, page by page. */
export function auditLog(filter: AuditFilter) {
  const query = auditQuery(filter);
  return infiniteQueryOptions({
    queryKey: ["audit", query],
    initialPageParam: FIRST_PAGE,
    queryFn: ({ signal, pageParam }) => getJson("/api/audit", parseAuditPage, { signal, query: { ...query, before: pageParam } }),
    getNextPageParam: (page) => page.nextBefore ?? undefined,
  });
}

export function auditExportPath(filter: AuditFilter): string {
  return withQuery("/api/audit/export", auditQuery(filter));
}

export interface NewPerson {
  login: string;
  name: string;
  role: Role;
  /** Null: only the identity provider leads to the account. */
  password: string | null;
}

export function addPerson(person: NewPerson): Promise<PersonInfo> {
  return getJson("/api/people", parsePerson, { method: "POST", json: person });
}

function personPath(personId: string, rest = ""): string {
  return `/api/people/${encodeURIComponent(personId)}${rest}`;
}

export async function changePerson(
  personId: string,
  patch: { role?: Role; disabled?: boolean; password?: string },
): Promise<void> {
  await request(personPath(personId), { method: "PATCH", json: patch });
}

export async function removePerson(personId: string): Promise<void> {
  await request(personPath(personId), { method: "DELETE" });
}

export async function signOutPerson(personId: string): Promise<void> {
  await request(personPath(personId, "/sessions"), { method: "DELETE" });
}

/** `maxUses` 0: any number of people. */
export function invite(role: Role, days: number, maxUses: number): Promise<InvitationInfo> {
  const json = { role, expires_in_sec: days * 86_400, max_uses: maxUses };
  return getJson("/api/invitations", parseInvitation, { method: "POST", json });
}

export async function revokeInvitation(invitationId: string): Promise<void> {
  await request(`/api/invitations/${encodeURIComponent(invitationId)}`, { method: "DELETE" });
}

export async function stopSandbox(projectId: string): Promise<void> {
  await request(`/api/admin/sandboxes/${encodeURIComponent(projectId)}/stop`, { method: "POST" });
}

/** Bytes and cores, in force at once. */
export async function changeLimits(projectId: string, limits: { memory: number; cpus: number }): Promise<void> {
  await request(`/api/admin/sandboxes/${encodeURIComponent(projectId)}/limits`, { method: "PATCH", json: limits });
}
