import type { SandboxState } from "@/wire/control";
import type { SandboxInfo } from "@/wire/people";

/** States in which there is something to stop. */
const ALIVE: ReadonlySet<SandboxState> = new Set<SandboxState>(["queued", "starting", "ready", "pausing", "paused", "resuming"]);

export function isAlive(state: SandboxState): boolean {
  return ALIVE.has(state);
}

export interface Totals {
  /** How many are in each state; states that none is in are left out. */
  states: readonly (readonly [SandboxState, number])[];
  /** Bytes, of those that told. */
  memory: number;
  /** Cores, of those that told. */
  cpu: number;
}

export function totalsOf(sandboxes: readonly SandboxInfo[]): Totals {
  const states = new Map<SandboxState, number>();
  let memory = 0;
  let cpu = 0;
  for (const { state, usage } of sandboxes) {
    states.set(state, (states.get(state) ?? 0) + 1);
    memory += usage?.memory ?? 0;
    cpu += usage?.cpu ?? 0;
  }
  return { states: [...states].sort((a, b) => b[1] - a[1]), memory, cpu };
}
