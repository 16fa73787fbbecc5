import { isRecord, ParseError } from "./parse";

/** What only the control plane knows: the list of projects and the state of their sandboxes. */

export const SANDBOX_STATES = [
  "absent",
  "queued",
  "starting",
  "ready",
  "pausing",
  "paused",
  "resuming",
  "stopping",
  "stopped",
  "failed",
  "deleted",
] as const;
export type SandboxState = (typeof SANDBOX_STATES)[number];

/** What a person may do with a project. */
export const SHARES = ["owner", "editor", "viewer"] as const;
export type Share = (typeof SHARES)[number];

export interface ProjectSummary {
  id: string;
  name: string;
  description: string;
  template: string;
  openedAt: number;
  createdAt: number;
  sandbox: SandboxState;
  share: Share;
  /** Empty for one's own. */
  ownerName: string;
}

export interface Template {
  name: string;
  title: string;
  description: string;
}

export interface OpeningStep {
  name: string;
  state: "waiting" | "running" | "done" | "failed";
  durationMs: number | null;
}

export function sandboxState(value: unknown): SandboxState {
  return SANDBOX_STATES.find((state) => state === value) ?? "absent";
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function number(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

export function parseProjectSummary(value: unknown): ProjectSummary {
  if (!isRecord(value)) throw new ParseError("project: expected an object");
  const id = text(value["id"]) || text(value["project_id"]);
  if (id === "") throw new ParseError("project.id is missing");
  const sandbox = value["sandbox"];
  return {
    id,
    name: text(value["name"]) || text(value["project_name"]) || id,
    description: text(value["description"]),
    template: text(value["template"]),
    openedAt: number(value["opened_at"]),
    createdAt: number(value["created_at"]),
    sandbox: sandboxState(isRecord(sandbox) ? sandbox["state"] : sandbox),
    share: SHARES.find((share) => share === value["share"]) ?? "owner",
    ownerName: text(value["owner_name"]),
  };
}

/** Where a preview is opened: only an address of the web, whatever else it may be. */
export function parseAddress(value: unknown): string {
  const url = isRecord(value) ? text(value["url"]) : "";
  if (!/^https?:\/\//.test(url)) throw new ParseError("url: expected an address");
  return url;
}

/** A list, bare or under the key `projects`. */
export function parseProjects(value: unknown): ProjectSummary[] {
  const list = isRecord(value) ? value["projects"] : value;
  if (!Array.isArray(list)) throw new ParseError("projects: expected a list");
  return list.map(parseProjectSummary);
}

export function parseTemplates(value: unknown): Template[] {
  const list = isRecord(value) ? value["templates"] : value;
  if (!Array.isArray(list)) throw new ParseError("templates: expected a list");
  return list.filter(isRecord).map((item) => ({
    name: text(item["name"]),
    title: text(item["title"]) || text(item["name"]),
    description: text(item["description"]),
  }));
}

/** Steps of opening a sandbox, from the `sandbox` event. What is no step is left out. */
export function parseSteps(value: readonly unknown[]): OpeningStep[] {
  return value.filter(isRecord).flatMap((step) => {
    const state = step["state"];
    if (state !== "waiting" && state !== "running" && state !== "done" && state !== "failed") return [];
    const duration = step["duration_ms"];
    return [{ name: text(step["name"]), state, durationMs: typeof duration === "number" ? duration : null }];
  });
}
