/** `aimforge/status`: how the server behind the relay is, which LSP has no word for. */

import type { LanguageServerHealth, LanguageServerKind, LanguageServerState } from "@/wire/generated";

import { isRecord, number, optionalNumber, text } from "@/shared/json/json";

const STATES: readonly LanguageServerState[] = ["stopped", "starting", "ready", "restarting", "gave_up"];

/** The relay tells the state, why, and when it tries again; the rest stands in `GET /lsp/health`. */
export function parseServerStatus(kind: LanguageServerKind, params: unknown): LanguageServerHealth | undefined {
  if (!isRecord(params)) return undefined;
  const state = STATES.find((known) => known === params["state"]);
  if (state === undefined) return undefined;
  return {
    kind,
    state,
    clients: number(params["clients"]),
    restarts: number(params["restarts"]),
    pid: optionalNumber(params["pid"]) ?? null,
    uptime_ms: number(params["uptime_ms"]),
    retry_in_ms: optionalNumber(params["retry_in_ms"]) ?? null,
    message: text(params["message"]),
  };
}
