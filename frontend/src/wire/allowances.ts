import { fieldsOf, id, listOf, number, oneOf, text, time, type Fields } from "./fields";
import { ParseError } from "./parse";

/** What the control plane tells of what projects may use. Bytes and seconds; times are seconds since 1970. */

export const EGRESS_MODES = ["none", "packages", "hosts", "open"] as const;
export type EgressMode = (typeof EGRESS_MODES)[number];

/** A connection that a gate let through or refused; `times` in all, the last one at `at`. */
export interface Decision {
  at: number;
  host: string;
  port: number;
  allowed: boolean;
  reason: string;
  times: number;
}

export interface ProjectEgress {
  mode: EgressMode;
  inExam: boolean;
  packages: string[];
  /** All that are named, by whomever. */
  hosts: string[];
  /** What is said of this project alone; null: nothing. */
  ownMode: EgressMode | null;
  ownHosts: string[];
  asked: string[];
  /** 0: no limit. */
  bytesPerSec: number;
  sent: number;
  received: number;
  /** The newest first; null: they cannot be read now. */
  recent: Decision[] | null;
  mayChange: boolean;
  /** Modes that this person may choose. */
  modes: EgressMode[];
}

export const AMOUNTS = ["memory", "cpus", "pids", "open_files", "shm", "tmp", "disk", "at_once", "projects", "run_sec", "bytes_per_sec"] as const;
export type Amount = (typeof AMOUNTS)[number];

/** What is said of a subject; null: nothing. */
export interface Allowance {
  amounts: Readonly<Record<Amount, number | null>>;
  egress: EgressMode | null;
  hosts: readonly string[];
}

export interface AllowanceInfo {
  subject: string;
  allowance: Allowance;
  setByName: string;
  /** 0: nobody said anything. */
  setAt: number;
}

export interface AllAllowances {
  everybody: Allowance;
  ceiling: Allowance;
  allowances: AllowanceInfo[];
}

export interface AskedHost {
  projectId: string;
  projectName: string;
  ownerName: string;
  host: string;
}

export interface CourseAllowance {
  allowance: AllowanceInfo;
  everybody: Allowance;
  ceiling: Allowance;
  asked: AskedHost[];
}

/** What is said now, and the projects whose sandboxes get it at their next start. */
export interface AllowanceSet {
  allowance: AllowanceInfo;
  atNextStart: string[];
}

function texts(fields: Fields, name: string): string[] {
  return listOf((value) => {
    if (typeof value !== "string") throw new ParseError(`${name}: expected strings`);
    return value;
  })(fields[name]);
}

function mode(fields: Fields, name: string): EgressMode | null {
  return fields[name] === null || fields[name] === undefined ? null : oneOf(EGRESS_MODES, fields, name);
}

function parseDecision(value: unknown): Decision {
  const fields = fieldsOf(value, "decision");
  return {
    at: number(fields, "at"),
    host: text(fields, "host"),
    port: number(fields, "port"),
    allowed: fields["allowed"] === true,
    reason: text(fields, "reason"),
    times: number(fields, "times"),
  };
}

export function parseProjectEgress(value: unknown): ProjectEgress {
  const fields = fieldsOf(value, "egress");
  const modes = texts(fields, "modes");
  return {
    mode: oneOf(EGRESS_MODES, fields, "mode"),
    inExam: fields["in_exam"] === true,
    packages: texts(fields, "packages"),
    hosts: texts(fields, "hosts"),
    ownMode: mode(fields, "own_mode"),
    ownHosts: texts(fields, "own_hosts"),
    asked: texts(fields, "asked"),
    bytesPerSec: number(fields, "bytes_per_sec"),
    sent: number(fields, "sent"),
    received: number(fields, "received"),
    recent: fields["recent"] === null ? null : listOf(parseDecision)(fields["recent"]),
    mayChange: fields["may_change"] === true,
    modes: EGRESS_MODES.filter((each) => modes.includes(each)),
  };
}

export function parseAllowance(value: unknown): Allowance {
  const fields = fieldsOf(value, "allowance");
  return {
    amounts: {
      memory: time(fields, "memory"),
      cpus: time(fields, "cpus"),
      pids: time(fields, "pids"),
      open_files: time(fields, "open_files"),
      shm: time(fields, "shm"),
      tmp: time(fields, "tmp"),
      disk: time(fields, "disk"),
      at_once: time(fields, "at_once"),
      projects: time(fields, "projects"),
      run_sec: time(fields, "run_sec"),
      bytes_per_sec: time(fields, "bytes_per_sec"),
    },
    egress: mode(fields, "egress"),
    hosts: texts(fields, "hosts"),
  };
}

export function parseAllowanceInfo(value: unknown): AllowanceInfo {
  const fields = fieldsOf(value, "allowance");
  return {
    subject: id(fields, "subject"),
    allowance: parseAllowance(fields["allowance"]),
    setByName: text(fields, "set_by_name"),
    setAt: number(fields, "set_at"),
  };
}

export function parseAllAllowances(value: unknown): AllAllowances {
  const fields = fieldsOf(value, "allowances");
  return {
    everybody: parseAllowance(fields["everybody"]),
    ceiling: parseAllowance(fields["ceiling"]),
    allowances: listOf(parseAllowanceInfo)(fields["allowances"]),
  };
}

function parseAskedHost(value: unknown): AskedHost {
  const fields = fieldsOf(value, "asked");
  return {
    projectId: id(fields, "project_id"),
    projectName: text(fields, "project_name"),
    ownerName: text(fields, "owner_name"),
    host: id(fields, "host"),
  };
}

export function parseCourseAllowance(value: unknown): CourseAllowance {
  const fields = fieldsOf(value, "allowance");
  return {
    allowance: parseAllowanceInfo(fields["allowance"]),
    everybody: parseAllowance(fields["everybody"]),
    ceiling: parseAllowance(fields["ceiling"]),
    asked: listOf(parseAskedHost)(fields["asked"]),
  };
}

export function parseAllowanceSet(value: unknown): AllowanceSet {
  const fields = fieldsOf(value, "allowance");
  return { allowance: parseAllowanceInfo(fields["allowance"]), atNextStart: texts(fields, "at_next_start") };
}
