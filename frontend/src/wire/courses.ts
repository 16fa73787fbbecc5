import { fieldsOf, id, listOf, number, oneOf, text, time, type Fields } from "./fields";
import { isRecord } from "./parse";

/** What the control plane tells of courses. Times are seconds since 1970. */

export const COURSE_ROLES = ["teacher", "student"] as const;
export type CourseRole = (typeof COURSE_ROLES)[number];

export interface Exam {
  id: string;
  title: string;
  startsAt: number;
  endsAt: number;
}

export interface CourseSummary {
  id: string;
  title: string;
  role: CourseRole;
  students: number;
  assignments: number;
  /** The one that is on now. */
  exam: Exam | null;
}

export interface Course {
  id: string;
  title: string;
  /** The value of the provider's group claim that makes people members; empty for none. */
  claim: string;
  role: CourseRole;
  createdAt: number;
  students: number;
  exam: Exam | null;
}

export interface Member {
  login: string;
  name: string;
  role: CourseRole;
  /** Empty while nobody signed in with that login. */
  personId: string;
  signedIn: boolean;
  /** Whether a group of the identity provider alone makes them a member. */
  byClaim: boolean;
}

export interface LineProblem {
  /** From 1. */
  line: number;
  text: string;
  problem: string;
}

/** What became of a list of members. */
export interface MembersImported {
  added: number;
  changed: number;
  /** Logins without an account. */
  unknown: string[];
  problems: LineProblem[];
}

export interface Assignment {
  id: string;
  courseId: string;
  title: string;
  /** Markdown. */
  text: string;
  /** The teacher's project; empty for students. */
  projectId: string;
  hiddenNodes: string[];
  dueAt: number | null;
  publishedAt: number | null;
  createdAt: number;
}

export const SUBMISSION_STATES = ["not_started", "started", "not_collected", "handed_in", "collected", "given_back"] as const;
export type SubmissionState = (typeof SUBMISSION_STATES)[number];

/** Why a submission could not be collected at the deadline. */
export interface Uncollected {
  /** The error's code. */
  code: string;
  message: string;
  failures: number;
  /** When it is tried again by itself. */
  againAt: number | null;
}

export interface Submission {
  login: string;
  name: string;
  personId: string;
  /** The student's project; empty until they started. */
  projectId: string;
  state: SubmissionState;
  startedAt: number | null;
  handedInAt: number | null;
  late: boolean;
  digest: string;
  /** Bytes. */
  size: number;
  /** For students: empty until it was given back. */
  comment: string;
  points: number | null;
  commentedAt: number | null;
  givenBackAt: number | null;
  /** Told to teachers only. */
  uncollected: Uncollected | null;
}

export const TEST_STATES = ["waiting", "running", "done", "failed"] as const;
export type TestState = (typeof TEST_STATES)[number];

export interface TestResult {
  passed: boolean;
  points: number | null;
  message: string;
}

/** What the hidden tests said of one submission. */
export interface TestRow {
  login: string;
  name: string;
  state: TestState;
  message: string;
  passed: number;
  of: number;
  points: number | null;
  /** By the hidden node's id. */
  results: Readonly<Record<string, TestResult>>;
  durationMs: number;
  at: number;
  /** Whether something else was handed in, or published, since. */
  outdated: boolean;
}

export interface TestTable {
  running: number;
  waiting: number;
  tests: { node: string; title: string }[];
  rows: TestRow[];
}

/** Somebody's read-only visit to a project. */
export interface Look {
  personId: string;
  name: string;
  at: number;
  until: number;
}

export function parseExam(value: unknown): Exam {
  const exam = fieldsOf(value, "exam");
  return { id: id(exam), title: text(exam, "title"), startsAt: number(exam, "starts_at"), endsAt: number(exam, "ends_at") };
}

function examOf(fields: Fields): Exam | null {
  const exam = fields["exam"] ?? null;
  return exam === null ? null : parseExam(exam);
}

export function parseCourseSummary(value: unknown): CourseSummary {
  const course = fieldsOf(value, "course");
  return {
    id: id(course),
    title: text(course, "title"),
    role: oneOf(COURSE_ROLES, course, "role"),
    students: number(course, "students"),
    assignments: number(course, "assignments"),
    exam: examOf(course),
  };
}

export function parseCourse(value: unknown): Course {
  const course = fieldsOf(value, "course");
  return {
    id: id(course),
    title: text(course, "title"),
    claim: text(course, "claim"),
    role: oneOf(COURSE_ROLES, course, "role"),
    createdAt: number(course, "created_at"),
    students: number(course, "students"),
    exam: examOf(course),
  };
}

export function parseMember(value: unknown): Member {
  const member = fieldsOf(value, "member");
  return {
    login: id(member, "login"),
    name: text(member, "name"),
    role: oneOf(COURSE_ROLES, member, "role"),
    personId: text(member, "person_id"),
    signedIn: member["signed_in"] === true,
    byClaim: member["by_claim"] === true,
  };
}

function parseLineProblem(value: unknown): LineProblem {
  const problem = fieldsOf(value, "problem");
  return { line: number(problem, "line"), text: text(problem, "text"), problem: text(problem, "problem") };
}

export function parseMembersImported(value: unknown): MembersImported {
  const imported = fieldsOf(value, "members");
  return {
    added: number(imported, "added"),
    changed: number(imported, "changed"),
    unknown: listOf(String)(imported["unknown"]),
    problems: listOf(parseLineProblem)(imported["problems"]),
  };
}

export function parseAssignment(value: unknown): Assignment {
  const assignment = fieldsOf(value, "assignment");
  return {
    id: id(assignment),
    courseId: id(assignment, "course_id"),
    title: text(assignment, "title"),
    text: text(assignment, "text"),
    projectId: text(assignment, "project_id"),
    hiddenNodes: listOf(String)(assignment["hidden_nodes"] ?? []),
    dueAt: time(assignment, "due_at"),
    publishedAt: time(assignment, "published_at"),
    createdAt: number(assignment, "created_at"),
  };
}

function parseUncollected(value: unknown): Uncollected | null {
  if (value === null || value === undefined) return null;
  const why = fieldsOf(value, "uncollected");
  return { code: id(why, "code"), message: text(why, "message"), failures: number(why, "failures"), againAt: time(why, "again_at") };
}

export function parseSubmission(value: unknown): Submission {
  const submission = fieldsOf(value, "submission");
  return {
    login: id(submission, "login"),
    name: text(submission, "name"),
    personId: text(submission, "person_id"),
    projectId: text(submission, "project_id"),
    state: oneOf(SUBMISSION_STATES, submission, "state"),
    startedAt: time(submission, "started_at"),
    handedInAt: time(submission, "handed_in_at"),
    late: submission["late"] === true,
    digest: text(submission, "digest"),
    size: number(submission, "size"),
    comment: text(submission, "comment"),
    points: time(submission, "points"),
    commentedAt: time(submission, "commented_at"),
    givenBackAt: time(submission, "given_back_at"),
    uncollected: parseUncollected(submission["uncollected"]),
  };
}

function parseTestResult(value: unknown): TestResult {
  const result = fieldsOf(value, "result");
  return { passed: result["passed"] === true, points: time(result, "points"), message: text(result, "message") };
}

function parseTestRow(value: unknown): TestRow {
  const row = fieldsOf(value, "row");
  const results = isRecord(row["results"]) ? row["results"] : {};
  return {
    login: id(row, "login"),
    name: text(row, "name"),
    state: oneOf(TEST_STATES, row, "state"),
    message: text(row, "message"),
    passed: number(row, "passed"),
    of: number(row, "of"),
    points: time(row, "points"),
    results: Object.fromEntries(Object.entries(results).map(([node, result]) => [node, parseTestResult(result)])),
    durationMs: number(row, "duration_ms"),
    at: number(row, "at"),
    outdated: row["outdated"] === true,
  };
}

export function parseTestTable(value: unknown): TestTable {
  const table = fieldsOf(value, "tests");
  const tests = listOf((test) => fieldsOf(test, "test"))(table["tests"]);
  return {
    running: number(table, "running"),
    waiting: number(table, "waiting"),
    tests: tests.map((test) => ({ node: id(test, "node"), title: text(test, "title") })),
    rows: listOf(parseTestRow)(table["rows"]),
  };
}

export function parseLook(value: unknown): Look {
  const look = fieldsOf(value, "look");
  return { personId: text(look, "person_id"), name: text(look, "name"), at: number(look, "at"), until: number(look, "until") };
}

/** The id of a project that was made, or found, for an assignment. */
export function parseProjectId(value: unknown): string {
  return id(fieldsOf(value, "project"), "project_id");
}

/** The assignment that a project is made for; empty for none. */
export function parseAssignmentOfProject(value: unknown): string {
  return text(fieldsOf(value, "assignment"), "assignment_id");
}

/** Where people make accounts that are in a course. */
export function parseInvitationLink(value: unknown): string {
  return id(fieldsOf(value, "invitation"), "url");
}
