import { queryOptions } from "@tanstack/react-query";
import { projectPath } from "@/shared/api/paths";
import { getJson, request } from "@/shared/api/request";
import { parseProjects } from "@/wire/control";
import { parseAssignment, parseAssignmentOfProject, parseProjectId, parseSubmission, parseTestTable, type Assignment, type Submission } from "@/wire/courses";
import { listOf } from "@/wire/fields";
import { parse } from "@/wire/parse";
import { coursePath } from "./coursesApi";

const SUBMISSIONS_EVERY_MS = 20_000;
const TESTS_EVERY_MS = 1_500;
const COLLECTING_EVERY_MS = 2_000;

export function assignmentPath(assignmentId: string, rest = ""): string {
  return `/api/assignments/${encodeURIComponent(assignmentId)}${rest}`;
}

function submissionPath(assignmentId: string, login: string, rest: string): string {
  return assignmentPath(assignmentId, `/submissions/${encodeURIComponent(login)}${rest}`);
}

/** A course's assignments; students see those that were published. */
export function assignmentsQuery(courseId: string) {
  return queryOptions({
    queryKey: ["course", courseId, "assignments"],
    queryFn: ({ signal }) => getJson(coursePath(courseId, "/assignments"), listOf(parseAssignment), { signal }),
  });
}

export function assignmentQuery(assignmentId: string) {
  return queryOptions({
    queryKey: ["assignment", assignmentId],
    queryFn: ({ signal }) => getJson(assignmentPath(assignmentId), parseAssignment, { signal }),
  });
}

/** Which assignment a project is made for; empty for none. It never changes. */
export function assignmentOfProjectQuery(projectId: string) {
  return queryOptions({
    queryKey: ["assignment-of", projectId],
    queryFn: ({ signal }) => getJson(projectPath(projectId, "/assignment"), parseAssignmentOfProject, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export interface AssignmentDraft {
  title: string;
  text: string;
  hiddenNodes: readonly string[];
  dueAt: number | null;
}

function body(draft: AssignmentDraft) {
  return { title: draft.title, text: draft.text, hidden_nodes: draft.hiddenNodes, due_at: draft.dueAt };
}

export function createAssignment(courseId: string, projectId: string, draft: AssignmentDraft): Promise<Assignment> {
  const json = { ...body(draft), project_id: projectId };
  return getJson(coursePath(courseId, "/assignments"), parseAssignment, { method: "POST", json });
}

export function changeAssignment(assignmentId: string, draft: AssignmentDraft): Promise<Assignment> {
  return getJson(assignmentPath(assignmentId), parseAssignment, { method: "PATCH", json: body(draft) });
}

export async function deleteAssignment(assignmentId: string): Promise<void> {
  await request(assignmentPath(assignmentId), { method: "DELETE" });
}

/** Freezes the teacher's project as it is now. */
export async function publishAssignment(assignmentId: string): Promise<void> {
  await request(assignmentPath(assignmentId, "/publish"), { method: "POST" });
}

/** Projects that can become an assignment: one's own. */
export const ownProjectsQuery = queryOptions({
  queryKey: ["projects", "own"],
  queryFn: async ({ signal }) => (await getJson("/api/project/", parseProjects, { signal })).filter(({ share }) => share === "owner"),
});

/** What is drawn in a project. Reading it starts its sandbox. */
export function projectNodesQuery(projectId: string) {
  return queryOptions({
    queryKey: ["project-nodes", projectId],
    queryFn: async ({ signal }) => (await getJson(projectPath(projectId), (value) => parse("Project", value), { signal })).nodes,
    enabled: projectId !== "",
    staleTime: 30_000,
  });
}

/** One's own project for the assignment; the same one when called again. */
export function startAssignment(assignmentId: string): Promise<string> {
  return getJson(assignmentPath(assignmentId, "/start"), parseProjectId, { method: "POST" });
}

/** What one made oneself. */
export function submissionQuery(assignmentId: string) {
  return queryOptions({
    queryKey: ["assignment", assignmentId, "submission"],
    queryFn: ({ signal }) => getJson(assignmentPath(assignmentId, "/submission"), parseSubmission, { signal }),
  });
}

export function handIn(assignmentId: string): Promise<Submission> {
  return getJson(assignmentPath(assignmentId, "/hand-in"), parseSubmission, { method: "POST" });
}

/** What each student made. */
export function submissionsQuery(assignmentId: string) {
  return queryOptions({
    queryKey: ["assignment", assignmentId, "submissions"],
    queryFn: ({ signal }) => getJson(assignmentPath(assignmentId, "/submissions"), listOf(parseSubmission), { signal }),
    refetchInterval: ({ state }) => ((state.data ?? []).some(isCollectedSoon) ? COLLECTING_EVERY_MS : SUBMISSIONS_EVERY_MS),
  });
}

/** Whether it is being collected, or about to be. */
function isCollectedSoon({ uncollected }: Submission): boolean {
  const againAt = uncollected?.againAt ?? null;
  return againAt !== null && againAt * 1000 <= Date.now() + COLLECTING_EVERY_MS;
}

export function archivePath(assignmentId: string, login: string): string {
  return submissionPath(assignmentId, login, "/archive");
}

/** A project of the teacher's own, filled from what was handed in. */
export function copySubmission(assignmentId: string, login: string): Promise<string> {
  return getJson(submissionPath(assignmentId, login, "/copy"), parseProjectId, { method: "POST" });
}

export async function comment(assignmentId: string, login: string, text: string, points: number | null): Promise<void> {
  await request(submissionPath(assignmentId, login, "/comment"), { method: "PUT", json: { text, points } });
}

/** No logins: all that were handed in. */
export async function giveBack(assignmentId: string, logins: readonly string[]): Promise<void> {
  await request(assignmentPath(assignmentId, "/give-back"), { method: "POST", json: { logins } });
}

/** Try again to collect what could not be at the deadline; it goes on in the background. */
export async function collectAgain(assignmentId: string, logins: readonly string[]): Promise<void> {
  await request(assignmentPath(assignmentId, "/collect"), { method: "POST", json: { logins } });
}

/** What the hidden tests said; asked for again while some are under way. */
export function testsQuery(assignmentId: string) {
  return queryOptions({
    queryKey: ["assignment", assignmentId, "tests"],
    queryFn: ({ signal }) => getJson(assignmentPath(assignmentId, "/tests"), parseTestTable, { signal }),
    refetchInterval: ({ state }) => ((state.data?.running ?? 0) + (state.data?.waiting ?? 0) > 0 ? TESTS_EVERY_MS : false),
  });
}

/** No logins: all that were handed in. */
export async function runTests(assignmentId: string, logins: readonly string[]): Promise<void> {
  await request(assignmentPath(assignmentId, "/tests"), { method: "POST", json: { logins } });
}

export async function cancelTests(assignmentId: string): Promise<void> {
  await request(assignmentPath(assignmentId, "/tests/cancel"), { method: "POST" });
}
