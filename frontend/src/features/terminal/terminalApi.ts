import { projectPath } from "@/shared/api/paths";
import { getJson, request } from "@/shared/api/request";
import { useLive } from "@/shared/live/liveStore";
import { parse, parseList } from "@/wire/parse";
import type { Terminal } from "@/wire/generated";

function path(projectId: string, terminalId?: string): string {
  return projectPath(projectId, terminalId === undefined ? "/terminals" : `/terminals/${encodeURIComponent(terminalId)}`);
}

/** Where a viewer attaches; `from` is the byte to go on at. */
export function attachPath(projectId: string, terminalId: string, from: number | undefined): string {
  const base = `/api/terminal/${encodeURIComponent(projectId)}/${encodeURIComponent(terminalId)}`;
  return from === undefined ? base : `${base}?from=${String(from)}`;
}

/** Reads the list anew; changes come as events. One that comes before the answer tells the whole list, and may be the newer one. */
export async function loadTerminals(projectId: string): Promise<void> {
  const before = useLive.getState().terminals;
  const terminals = await getJson(path(projectId), (value) => parseList("Terminal", value));
  if (useLive.getState().terminals === before) useLive.setState({ terminals });
}

export async function createTerminal(projectId: string, name: string): Promise<Terminal> {
  const json = { name, cols: 80, rows: 24 };
  const made = await getJson(path(projectId), (value) => parse("Terminal", value), { method: "POST", json });
  // The event says the same in a moment; the tab should not wait for it.
  useLive.setState(({ terminals }) => ({ terminals: [...(terminals ?? []).filter(({ id }) => id !== made.id), made] }));
  return made;
}

export async function renameTerminal(projectId: string, terminalId: string, name: string): Promise<void> {
  await request(path(projectId, terminalId), { method: "PATCH", json: { name } });
}

export async function closeTerminal(projectId: string, terminalId: string): Promise<void> {
  await request(path(projectId, terminalId), { method: "DELETE" });
  useLive.setState(({ terminals }) => ({ terminals: (terminals ?? []).filter(({ id }) => id !== terminalId) }));
}
