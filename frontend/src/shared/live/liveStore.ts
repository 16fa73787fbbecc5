import { create } from "zustand";
import type {
  EgressDeniedEvent,
  LanguageServerHealth,
  LanguageServerKind,
  SandboxEvent,
  Terminal,
  VenvStatus,
} from "@/wire/generated";

export type ConnectionState = "connecting" | "open" | "waiting" | "closed";

/** What the event stream last said about everything that is neither graph nor run. */
export interface LiveState {
  connection: ConnectionState;
  /** Why the stream was closed for good, or what it waits for. */
  connectionMessage: string;
  /** When the next attempt is made, milliseconds since 1970. */
  retryAt: number | null;
  sandbox: SandboxEvent | null;
  /** When `sandbox` arrived, milliseconds since 1970: its countdowns count from here. */
  sandboxAt: number;
  venv: VenvStatus | null;
  servers: ReadonlyMap<LanguageServerKind, LanguageServerHealth>;
  terminals: readonly Terminal[] | null;
  people: readonly Readonly<Record<string, string>>[];
  denied: EgressDeniedEvent | null;
}

const EMPTY: LiveState = {
  connection: "connecting",
  connectionMessage: "",
  retryAt: null,
  sandbox: null,
  sandboxAt: 0,
  venv: null,
  servers: new Map(),
  terminals: null,
  people: [],
  denied: null,
};

export const useLive = create<LiveState>()(() => EMPTY);

export function resetLive(): void {
  useLive.setState(EMPTY);
}
