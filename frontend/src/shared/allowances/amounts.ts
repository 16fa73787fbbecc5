import type { Amount } from "@/wire/allowances";

const MIB = 1024 * 1024;

/** How an amount is written in a form: in which unit, and whether 0 means that there is no limit. */
export const UNITS: Readonly<Record<Amount, { per: number; unit: "MiB" | "cores" | "s" | "KiB/s" | ""; zero: boolean }>> = {
  memory: { per: MIB, unit: "MiB", zero: false },
  cpus: { per: 1, unit: "cores", zero: false },
  pids: { per: 1, unit: "", zero: false },
  open_files: { per: 1, unit: "", zero: false },
  shm: { per: MIB, unit: "MiB", zero: false },
  tmp: { per: MIB, unit: "MiB", zero: false },
  disk: { per: MIB, unit: "MiB", zero: false },
  at_once: { per: 1, unit: "", zero: true },
  projects: { per: 1, unit: "", zero: true },
  run_sec: { per: 1, unit: "s", zero: false },
  bytes_per_sec: { per: 1024, unit: "KiB/s", zero: true },
};

/** An amount as it is written; empty: nothing is said. */
export function shownAmount(name: Amount, value: number | null): string {
  return value === null ? "" : String(Math.round((value / UNITS[name].per) * 100) / 100);
}

/** What somebody wrote: an amount, null for nothing, or undefined for what is none. */
export function readAmount(name: Amount, text: string): number | null | undefined {
  if (text.trim() === "") return null;
  const value = Number(text.trim().replace(",", "."));
  const { per, zero } = UNITS[name];
  if (!Number.isFinite(value) || value < 0 || (value === 0 && !zero)) return undefined;
  return name === "cpus" || name === "run_sec" ? value * per : Math.round(value * per);
}

/** Hosts as they are written, one a line or separated by commas. */
export function readHosts(text: string): string[] {
  return text.split(/[\s,]+/).filter((host) => host !== "");
}
