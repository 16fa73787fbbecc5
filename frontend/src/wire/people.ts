import { SHARES, type SandboxState, type Share, sandboxState } from "./control";
import { fieldsOf, id, listOf, number, oneOf, text, time } from "./fields";
import type { Usage } from "./generated";
import { isRecord, parse } from "./parse";

/** What the control plane tells of people, their credentials and shares. Times are seconds since 1970. */

export const ROLES = ["admin", "teacher", "student"] as const;
export type Role = (typeof ROLES)[number];
export const SCOPES = ["read", "edit", "admin"] as const;
export type Scope = (typeof SCOPES)[number];
export type GivenShare = Exclude<Share, "owner">;

export interface Me {
  id: string;
  name: string;
  login: string;
  role: Role;
  mode: "local" | "hosted";
  hasPassword: boolean;
}

export interface SignInWays {
  mode: "local" | "hosted";
  password: boolean;
  registration: "closed" | "invite" | "open";
  /** The provider's name; empty where there is none. */
  oidc: string;
  oidcUrl: string;
}

export interface SessionInfo {
  id: string;
  createdAt: number;
  seenAt: number;
  expiresAt: number;
  address: string;
  agent: string;
  current: boolean;
}

export interface TokenInfo {
  id: string;
  name: string;
  scope: Scope;
  createdAt: number;
  expiresAt: number | null;
  usedAt: number | null;
  /** The secret; only in the answer to its creation. */
  token: string;
}

export interface PersonInfo {
  id: string;
  login: string;
  name: string;
  role: Role;
  disabled: boolean;
  createdAt: number;
  seenAt: number | null;
  byPassword: boolean;
  byOidc: boolean;
  projects: number;
}

export interface InvitationInfo {
  id: string;
  role: Role;
  createdBy: string;
  createdAt: number;
  expiresAt: number;
  /** 0: any number of people. */
  maxUses: number;
  uses: number;
  /** Only in the answer to its creation. */
  url: string;
}

export interface ShareInfo {
  personId: string;
  login: string;
  name: string;
  share: GivenShare;
}

export interface ShareLinkInfo {
  id: string;
  share: GivenShare;
  expiresAt: number;
  /** Only in the answer to its creation. */
  url: string;
}

export interface SharesInfo {
  people: ShareInfo[];
  links: ShareLinkInfo[];
}

export interface Accepted {
  projectId: string;
  name: string;
  share: Share;
}

export interface AuditLine {
  id: number;
  at: number;
  action: string;
  /** Empty for the system itself. */
  actor: string;
  actorName: string;
  projectId: string;
  projectName: string;
  address: string;
  detail: Readonly<Record<string, unknown>>;
}

export interface AuditPage {
  entries: AuditLine[];
  nextBefore: number | null;
}

export interface SandboxInfo {
  projectId: string;
  projectName: string;
  ownerId: string;
  ownerName: string;
  state: SandboxState;
  /** A word for what came to an end, such as `out_of_memory`; empty where nothing did. */
  reason: string;
  message: string;
  startedAt: number;
  changedAt: number;
  queuePosition: number | null;
  busy: string[];
  memoryLimit: number;
  cpus: number;
  /** Bytes; 0: the disk alone limits it. */
  diskLimit: number;
  /** Bytes that went out through the proxy, and came in. */
  sent: number;
  received: number;
  /** A figure that is 0 is not known, such as the disk of a workspace without a quota. */
  usage: Usage | null;
}

export const SETTING_SOURCES = ["default", "environment", "file"] as const;

/** A setting of the control plane. Of a secret, `value` says only whether there is one. */
export interface SettingInForce {
  name: string;
  value: string;
  default: string;
  source: (typeof SETTING_SOURCES)[number];
  secret: boolean;
  description: string;
  /** False for a limit that nothing keeps on this server, such as one that its engine cannot. */
  enforced: boolean;
}

const MODES = ["local", "hosted"] as const;
const REGISTRATIONS = ["closed", "invite", "open"] as const;
const GIVEN_SHARES: readonly GivenShare[] = ["editor", "viewer"];

export function parseMe(value: unknown): Me {
  const me = fieldsOf(value, "me");
  return {
    id: id(me),
    name: text(me, "name"),
    login: text(me, "login"),
    role: oneOf(ROLES, me, "role"),
    mode: oneOf(MODES, me, "mode"),
    hasPassword: me["has_password"] === true,
  };
}

export function parseSignInWays(value: unknown): SignInWays {
  const ways = fieldsOf(value, "session");
  return {
    mode: oneOf(MODES, ways, "mode"),
    password: ways["password"] === true,
    registration: oneOf(REGISTRATIONS, ways, "registration"),
    oidc: text(ways, "oidc"),
    oidcUrl: text(ways, "oidc_url"),
  };
}

export function parseSession(value: unknown): SessionInfo {
  const session = fieldsOf(value, "session");
  return {
    id: id(session),
    createdAt: number(session, "created_at"),
    seenAt: number(session, "seen_at"),
    expiresAt: number(session, "expires_at"),
    address: text(session, "address"),
    agent: text(session, "agent"),
    current: session["current"] === true,
  };
}

export function parseToken(value: unknown): TokenInfo {
  const token = fieldsOf(value, "token");
  return {
    id: id(token),
    name: text(token, "name"),
    scope: oneOf(SCOPES, token, "scope"),
    createdAt: number(token, "created_at"),
    expiresAt: time(token, "expires_at"),
    usedAt: time(token, "used_at"),
    token: text(token, "token"),
  };
}

export function parsePerson(value: unknown): PersonInfo {
  const person = fieldsOf(value, "person");
  return {
    id: id(person),
    login: text(person, "login"),
    name: text(person, "name"),
    role: oneOf(ROLES, person, "role"),
    disabled: person["disabled"] === true,
    createdAt: number(person, "created_at"),
    seenAt: time(person, "seen_at"),
    byPassword: person["by_password"] === true,
    byOidc: person["by_oidc"] === true,
    projects: number(person, "projects"),
  };
}

export function parseInvitation(value: unknown): InvitationInfo {
  const invitation = fieldsOf(value, "invitation");
  return {
    id: id(invitation),
    role: oneOf(ROLES, invitation, "role"),
    createdBy: text(invitation, "created_by"),
    createdAt: number(invitation, "created_at"),
    expiresAt: number(invitation, "expires_at"),
    maxUses: number(invitation, "max_uses"),
    uses: number(invitation, "uses"),
    url: text(invitation, "url"),
  };
}

export function parseShare(value: unknown): ShareInfo {
  const share = fieldsOf(value, "share");
  return {
    personId: id(share, "person_id"),
    login: text(share, "login"),
    name: text(share, "name"),
    share: oneOf(GIVEN_SHARES, share, "share"),
  };
}

export function parseShareLink(value: unknown): ShareLinkInfo {
  const link = fieldsOf(value, "link");
  return {
    id: id(link),
    share: oneOf(GIVEN_SHARES, link, "share"),
    expiresAt: number(link, "expires_at"),
    url: text(link, "url"),
  };
}

export function parseShares(value: unknown): SharesInfo {
  const shares = fieldsOf(value, "shares");
  return { people: listOf(parseShare)(shares["people"]), links: listOf(parseShareLink)(shares["links"]) };
}

export function parseAccepted(value: unknown): Accepted {
  const accepted = fieldsOf(value, "share");
  return { projectId: id(accepted, "project_id"), name: text(accepted, "name"), share: oneOf(SHARES, accepted, "share") };
}

function parseAuditLine(value: unknown): AuditLine {
  const line = fieldsOf(value, "entry");
  const detail = line["detail"];
  return {
    id: number(line, "id"),
    at: number(line, "at"),
    action: text(line, "action"),
    actor: text(line, "actor"),
    actorName: text(line, "actor_name"),
    projectId: text(line, "project_id"),
    projectName: text(line, "project_name"),
    address: text(line, "address"),
    detail: isRecord(detail) ? detail : {},
  };
}

export function parseAuditPage(value: unknown): AuditPage {
  const page = fieldsOf(value, "audit");
  return { entries: listOf(parseAuditLine)(page["entries"]), nextBefore: time(page, "next_before") };
}

export function parseSandboxInfo(value: unknown): SandboxInfo {
  const sandbox = fieldsOf(value, "sandbox");
  const usage = sandbox["usage"];
  const busy = sandbox["busy"];
  return {
    projectId: id(sandbox, "project_id"),
    projectName: text(sandbox, "project_name"),
    ownerId: text(sandbox, "owner_id"),
    ownerName: text(sandbox, "owner_name"),
    state: sandboxState(sandbox["state"]),
    reason: text(sandbox, "reason"),
    message: text(sandbox, "message"),
    startedAt: number(sandbox, "started_at"),
    changedAt: number(sandbox, "changed_at"),
    queuePosition: time(sandbox, "queue_position"),
    busy: Array.isArray(busy) ? busy.map(String) : [],
    memoryLimit: number(sandbox, "memory_limit"),
    cpus: number(sandbox, "cpus"),
    diskLimit: number(sandbox, "disk_limit"),
    sent: number(sandbox, "sent"),
    received: number(sandbox, "received"),
    usage: isRecord(usage) ? parse("Usage", usage) : null,
  };
}

function parseSetting(value: unknown): SettingInForce {
  const setting = fieldsOf(value, "setting");
  return {
    name: id(setting, "name"),
    value: text(setting, "value"),
    default: text(setting, "default"),
    source: oneOf(SETTING_SOURCES, setting, "source"),
    secret: setting["secret"] === true,
    description: text(setting, "description"),
    enforced: setting["enforced"] !== false,
  };
}

export function parseSettings(value: unknown): SettingInForce[] {
  return listOf(parseSetting)(fieldsOf(value, "settings")["settings"]);
}
