import { queryOptions } from "@tanstack/react-query";
import { getJson, request } from "@/shared/api/request";
import { forgetDrafts } from "@/shared/preferences/draftStorage";
import { forgetArrangements } from "@/shared/workspace/arrangementStorage";
import { listOf } from "@/wire/fields";
import { parseMe, parseSession, parseToken, type Me, type Scope, type TokenInfo } from "@/wire/people";

export const MIN_PASSWORD = 10;

export const sessionsQuery = queryOptions({
  queryKey: ["sessions"],
  queryFn: ({ signal }) => getJson("/api/sessions", listOf(parseSession), { signal }),
});

export const tokensQuery = queryOptions({
  queryKey: ["tokens"],
  queryFn: ({ signal }) => getJson("/api/tokens", listOf(parseToken), { signal }),
});

export function signIn(login: string, password: string): Promise<Me> {
  return getJson("/api/session", parseMe, { method: "POST", json: { login, password } });
}

export interface Registration {
  login: string;
  name: string;
  password: string;
  /** Empty where registration is open. */
  invitation: string;
}

export function register(registration: Registration): Promise<Me> {
  return getJson("/api/registration", parseMe, { method: "POST", json: registration });
}

/** Signs out, and loads the page anew: nothing of the person stays in it, nor in the browser. */
export async function signOut(): Promise<void> {
  await request("/api/logout", { method: "POST" });
  forgetDrafts();
  forgetArrangements();
  window.location.assign("/sign-in");
}

export async function endSession(sessionId: string): Promise<void> {
  await request(`/api/sessions/${encodeURIComponent(sessionId)}`, { method: "DELETE" });
}

export async function endOtherSessions(): Promise<void> {
  await request("/api/sessions", { method: "DELETE" });
}

export async function changePassword(oldPassword: string, newPassword: string): Promise<void> {
  await request("/api/password", { method: "POST", json: { old_password: oldPassword, new_password: newPassword } });
}

/** `days` null: it never ends. */
export function createToken(name: string, scope: Scope, days: number | null): Promise<TokenInfo> {
  const json = { name, scope, expires_in_sec: days === null ? null : days * 86_400 };
  return getJson("/api/tokens", parseToken, { method: "POST", json });
}

export async function revokeToken(tokenId: string): Promise<void> {
  await request(`/api/tokens/${encodeURIComponent(tokenId)}`, { method: "DELETE" });
}
