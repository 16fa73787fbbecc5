/** `aimforge/status`: how the server behind the relay is, which LSP has no word for. */

import type { LanguageServerHealth, LanguageServerState } from "@/wire/generated";

import { isRecord, number, optionalNumber, record, text } from "@/shared/json/json";

const STATES: readonly LanguageServerState[] = ["stopped", "starting", "ready", "restarting", "gave_up"];

export function parseServerStatus(params: unknown): LanguageServerHealth | undefined {
  if (!isRecord(params)) return undefined;
  const body = isRecord(params["server"]) ? record(params["server"]) : params;
  const state = STATES.find((known) => known === body["state"]);
  if (state === undefined) return undefined;
  return {
    kind: body["kind"] === "ruff" ? "ruff" : "pyright",
    state,
    clients: number(body["clients"]),
    restarts: number(body["restarts"]),
    pid: optionalNumber(body["pid"]) ?? null,
    uptime_ms: number(body["uptime_ms"]),
    retry_in_ms: optionalNumber(body["retry_in_ms"]) ?? null,
    message: text(body["message"]),
  };
}
