import { CLOSINGS, type CloseCode, type EndReason, type ErrorCode, type Refusal, type RunError } from "@/wire/generated";
import { isKorean, t, translated, type Values } from "./i18n";
import type { TextKey } from "./en";

/**
 * What the server and the agent tell, in the reader's language. They say it in English and name it by a code: in English
 * their sentence is shown, in another language that sentence if it is known, else the text of the code with their sentence
 * behind it. What has no code here is shown as it came.
 */

const ERRORS = {
  bad_request: "server.error.bad_request",
  unauthenticated: "server.error.unauthenticated",
  forbidden: "server.error.forbidden",
  not_found: "server.error.not_found",
  conflict: "server.error.conflict",
  stale: "server.error.stale",
  precondition_required: "server.error.precondition_required",
  too_large: "server.error.too_large",
  unsupported_media: "server.error.unsupported_media",
  range_not_satisfiable: "server.error.range_not_satisfiable",
  invalid: "server.error.invalid",
  too_many: "server.error.too_many",
  disk_full: "server.error.disk_full",
  internal: "server.error.internal",
  sandbox_failed: "server.error.sandbox_failed",
  sandbox_misbehaved: "server.error.sandbox_misbehaved",
  unavailable: "server.error.unavailable",
  timed_out: "server.error.timed_out",
  offline: "server.error.offline",
} as const satisfies Record<ErrorCode | "offline", TextKey>;

const ENDS = {
  idle: "server.ended.idle",
  by_user: "server.ended.by_user",
  by_admin: "server.ended.by_admin",
  too_old: "server.ended.too_old",
  evicted: "server.ended.evicted",
  out_of_memory: "server.ended.out_of_memory",
  disk_full: "server.ended.disk_full",
  crashed: "server.ended.crashed",
  start_failed: "server.ended.start_failed",
  engine_gone: "server.ended.engine_gone",
  replaced: "server.ended.replaced",
  deleted: "server.ended.deleted",
} as const satisfies Record<EndReason, TextKey>;

const REFUSED = {
  exam_on: "server.refused.exam_on",
  exam_began: "server.refused.exam_began",
  exam_times: "server.refused.exam_times",
  exam_over: "server.refused.exam_over",
  wrong_sign_in: "server.refused.wrong_sign_in",
  too_many_attempts: "server.refused.too_many_attempts",
  login_taken: "server.refused.login_taken",
  nobody_with_login: "server.refused.nobody_with_login",
  bad_login: "server.refused.bad_login",
  bad_password: "server.refused.bad_password",
  old_password_wrong: "server.refused.old_password_wrong",
  password_by_provider: "server.refused.password_by_provider",
  owns_projects: "server.refused.owns_projects",
  last_admin: "server.refused.last_admin",
  last_teacher: "server.refused.last_teacher",
  teacher_needs_account: "server.refused.teacher_needs_account",
  not_a_member: "server.refused.not_a_member",
  admins_only: "server.refused.admins_only",
  teachers_only: "server.refused.teachers_only",
  course_teachers_only: "server.refused.course_teachers_only",
  course_students_only: "server.refused.course_students_only",
  owner_only: "server.refused.owner_only",
  view_only: "server.refused.view_only",
  no_course: "server.refused.no_course",
  no_assignment: "server.refused.no_assignment",
  no_project: "server.refused.no_project",
  not_published: "server.refused.not_published",
  assignment_project_gone: "server.refused.assignment_project_gone",
  hidden_node_gone: "server.refused.hidden_node_gone",
  no_hidden_tests: "server.refused.no_hidden_tests",
  nothing_handed_in: "server.refused.nothing_handed_in",
  nothing_to_collect: "server.refused.nothing_to_collect",
  start_first: "server.refused.start_first",
  own_project_gone: "server.refused.own_project_gone",
  deadline_over: "server.refused.deadline_over",
  points_range: "server.refused.points_range",
  invitation_over: "server.refused.invitation_over",
  invitation_needed: "server.refused.invitation_needed",
  link_over: "server.refused.link_over",
  theirs_already: "server.refused.theirs_already",
} as const satisfies Record<Refusal, TextKey>;

const CLOSED = {
  1000: "server.closed.1000",
  1001: "server.closed.1001",
  1003: "server.closed.1003",
  1009: "server.closed.1009",
  1012: "server.closed.1012",
  4001: "server.closed.4001",
  4003: "server.closed.4003",
  4004: "server.closed.4004",
  4008: "server.closed.4008",
  4009: "server.closed.4009",
  4010: "server.closed.4010",
  4011: "server.closed.4011",
  4012: "server.closed.4012",
  4013: "server.closed.4013",
  4020: "server.closed.4020",
  4021: "server.closed.4021",
  4023: "server.closed.4023",
  4024: "server.closed.4024",
  4025: "server.closed.4025",
  4026: "server.closed.4026",
  4027: "server.closed.4027",
  4028: "server.closed.4028",
  4029: "server.closed.4029",
  4030: "server.closed.4030",
  4031: "server.closed.4031",
  4032: "server.closed.4032",
  4033: "server.closed.4033",
  4040: "server.closed.4040",
  4041: "server.closed.4041",
  4050: "server.closed.4050",
  4051: "server.closed.4051",
} as const satisfies Record<CloseCode, TextKey>;

/** Steps of the environment, as the agent words them. */
const VENV_STEPS: readonly (readonly [RegExp, TextKey])[] = [
  [/^Creating the environment$/, "server.venv.creating"],
  [/^The environment was deleted\. Making it anew$/, "server.venv.lost"],
  [/^Installing what requirements\.txt asks for$/, "server.venv.required"],
  [/^Downloading packages$/, "server.venv.downloading"],
  [/^Installing packages$/, "server.venv.installing"],
  [/^Installing (?<names>.+)$/s, "server.venv.installingThese"],
  [/^Uninstalling (?<names>.+)$/s, "server.venv.uninstalling"],
];

/** The closing sentences say no more than their codes do. */
const KNOWN_SENTENCES = new Map(Object.entries(CLOSINGS).map(([code, { sentence }]) => [sentence, Number(code)]));

function keyIn(table: Readonly<Record<string | number, TextKey>>, code: string | number): TextKey | undefined {
  return Object.hasOwn(table, code) ? table[code] : undefined;
}

function told(key: TextKey | undefined, sentence: string): string {
  if (key === undefined) return sentence;
  if (sentence === "") return t(key);
  if (!isKorean()) return sentence;
  const text = t(key);
  if (sentence === text || KNOWN_SENTENCES.has(sentence)) return text;
  return translated(sentence) ?? t("server.withDetail", { sentence: text, detail: sentence });
}

/** What a sentence may name: short texts and numbers. */
function valuesOf(detail: Readonly<Record<string, unknown>>): Values {
  return Object.fromEntries(Object.entries(detail).flatMap(([name, value]) => (typeof value === "string" || typeof value === "number" ? [[name, value]] : [])));
}

/**
 * Why a request was refused: `code`, `message` and `detail` of an `ErrorBody`. A `reason` in the detail says why a sandbox ended, or
 * what was in the way; the text of the latter says all that the server's sentence does.
 */
export function toldError(code: string, message: string, detail: Readonly<Record<string, unknown>> = {}): string {
  const reason = typeof detail["reason"] === "string" ? detail["reason"] : "";
  const refused = keyIn(REFUSED, reason);
  if (refused !== undefined) return isKorean() || message === "" ? t(refused, valuesOf(detail)) : message;
  return told(keyIn(ENDS, reason) ?? keyIn(ERRORS, code), message);
}

/** Why a socket was closed. `reason` is what came with the code. */
export function toldClosing(code: number, reason: string): string {
  const key = keyIn(CLOSED, code);
  return key === undefined ? reason : told(key, CLOSINGS[code]?.sentence ?? reason);
}

/** What is said of a sandbox: why it ended, if it did. */
export function toldSandbox({ reason, message }: { reason: string; message: string }): string {
  return message === "" ? "" : told(keyIn(ENDS, reason), message);
}

/** What is done with the environment, or why that failed. */
export function toldVenv(message: string): string {
  if (!isKorean()) return message;
  for (const [pattern, key] of VENV_STEPS) {
    const found = pattern.exec(message);
    if (found !== null) return t(key, found.groups ?? {});
  }
  return toldPlainly(message);
}

/** A sentence without a code: why a node is out of date, was skipped, or has no ports. As it came, where it is not known. */
export function toldPlainly(sentence: string): string {
  return translated(sentence) ?? sentence;
}

/** What a reader of another language is told first about errors of nodes; the English below says more. */
const RUN_ERRORS = {
  SyntaxError: "server.run.SyntaxError",
  IndentationError: "server.run.SyntaxError",
  ModuleNotFoundError: "server.run.ModuleNotFoundError",
  ImportError: "server.run.ImportError",
  NameError: "server.run.NameError",
  UnboundLocalError: "server.run.NameError",
  AttributeError: "server.run.AttributeError",
  TypeError: "server.run.TypeError",
  ValueError: "server.run.ValueError",
  KeyError: "server.run.KeyError",
  IndexError: "server.run.IndexError",
  ZeroDivisionError: "server.run.ZeroDivisionError",
  FileNotFoundError: "server.run.FileNotFoundError",
  PermissionError: "server.run.PermissionError",
  RecursionError: "server.run.RecursionError",
  EOFError: "server.run.EOFError",
  NotPicklable: "server.run.NotPicklable",
  MissingInput: "server.run.MissingInput",
  DiskFull: "server.run.DiskFull",
  OutOfMemory: "server.run.OutOfMemory",
  TooManyProcesses: "server.run.TooManyProcesses",
  EnvironmentNotReady: "server.run.EnvironmentNotReady",
  Exited: "server.run.Exited",
  Killed: "server.run.Killed",
  InternalError: "server.run.InternalError",
} as const satisfies Record<string, TextKey>;

/** An error of a run for people: in another language than Python's, `lead` says what kind it is where the message stays English. */
export function toldRunError({ type, message, hint }: Pick<RunError, "type" | "message" | "hint">): { lead: string; message: string; hint: string } {
  const known = translated(message);
  const key = known === undefined ? (keyIn(RUN_ERRORS, type) ?? "server.run.other") : undefined;
  return { lead: key === undefined ? "" : t(key), message: known ?? message, hint: toldPlainly(hint) };
}
