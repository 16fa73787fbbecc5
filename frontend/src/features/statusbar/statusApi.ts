import { projectPath } from "@/shared/api/paths";
import { getJson, request } from "@/shared/api/request";
import { useLive } from "@/shared/live/liveStore";
import { parseAddress } from "@/wire/control";
import { parse, parseList } from "@/wire/parse";
import type { LanguageServerKind, ListeningPort, Usage } from "@/wire/generated";

const AN_HOUR = 3600;

/** What the events say only when it changes is asked for once. An event that came meanwhile is newer. */
export async function loadStatus(projectId: string): Promise<void> {
  const sandbox = await getJson(projectPath(projectId, "/sandbox"), (value) => parse("SandboxEvent", value));
  useLive.setState((state) => (state.sandbox === null ? { sandbox, sandboxAt: Date.now() } : {}));
  if (useLive.getState().sandbox?.state !== "ready") return;
  const [venv, servers] = await Promise.all([
    getJson(projectPath(projectId, "/environment"), (value) => parse("VenvStatus", value)),
    getJson("/api/lsp/health", (value) => parseList("LanguageServerHealth", value), { query: { project_id: projectId } }),
  ]);
  useLive.setState((state) => ({
    venv: state.venv ?? venv,
    servers: new Map([...servers.map((server) => [server.kind, server] as const), ...state.servers]),
  }));
}

export function readUsage(projectId: string, signal: AbortSignal): Promise<Usage> {
  return getJson(projectPath(projectId, "/usage"), (value) => parse("Usage", value), { signal });
}

export function listPorts(projectId: string, signal: AbortSignal): Promise<ListeningPort[]> {
  return getJson(projectPath(projectId, "/ports"), (value) => parseList("ListeningPort", value), { signal });
}

export function previewAddress(projectId: string, port: number): Promise<string> {
  return getJson(projectPath(projectId, `/preview/${String(port)}`), parseAddress);
}

export async function keepAwake(projectId: string): Promise<void> {
  await request(projectPath(projectId, "/sandbox/keep-awake"), { method: "POST", json: { seconds: AN_HOUR } });
}

export async function startSandbox(projectId: string): Promise<void> {
  await request(projectPath(projectId, "/sandbox/start"), { method: "POST" });
}

export async function restartSandbox(projectId: string): Promise<void> {
  await request(projectPath(projectId, "/sandbox/restart"), { method: "POST" });
}

export async function restartServer(projectId: string, kind: LanguageServerKind): Promise<void> {
  await request(`/api/lsp/${kind}/restart`, { method: "POST", query: { project_id: projectId } });
}
