import { queryOptions } from "@tanstack/react-query";
import { getJson, request } from "@/shared/api/request";
import { listOf } from "@/wire/fields";
import { parseCourse, parseExam, parseInvitationLink, parseMember, parseMembersImported, type Course, type CourseRole, type Exam, type MembersImported } from "@/wire/courses";

const MEMBERS_EVERY_MS = 30_000;

export function coursePath(courseId: string, rest = ""): string {
  return `/api/courses/${encodeURIComponent(courseId)}${rest}`;
}

export function courseQuery(courseId: string) {
  return queryOptions({
    queryKey: ["course", courseId],
    queryFn: ({ signal }) => getJson(coursePath(courseId), parseCourse, { signal }),
  });
}

export function createCourse(title: string): Promise<Course> {
  return getJson("/api/courses", parseCourse, { method: "POST", json: { title } });
}

export function changeCourse(courseId: string, patch: { title?: string; claim?: string }): Promise<Course> {
  return getJson(coursePath(courseId), parseCourse, { method: "PATCH", json: patch });
}

export async function deleteCourse(courseId: string): Promise<void> {
  await request(coursePath(courseId), { method: "DELETE" });
}

/** The members, by login. For teachers. */
export function membersQuery(courseId: string) {
  return queryOptions({
    queryKey: ["course", courseId, "members"],
    queryFn: ({ signal }) => getJson(coursePath(courseId, "/members"), listOf(parseMember), { signal }),
    refetchInterval: MEMBERS_EVERY_MS,
  });
}

/** Bring a list in: columns `login,name[,role]`. */
export function importMembers(courseId: string, csv: string): Promise<MembersImported> {
  const headers = { "Content-Type": "text/csv" };
  return getJson(coursePath(courseId, "/members"), parseMembersImported, { method: "POST", body: csv, headers });
}

export async function putMember(courseId: string, login: string, name: string, role: CourseRole): Promise<void> {
  await request(coursePath(courseId, `/members/${encodeURIComponent(login)}`), { method: "PUT", json: { name, role } });
}

export async function removeMember(courseId: string, login: string): Promise<void> {
  await request(coursePath(courseId, `/members/${encodeURIComponent(login)}`), { method: "DELETE" });
}

/** A link by which people make accounts that are in the course. `maxUses` 0: any number of people. */
export function inviteToCourse(courseId: string, days: number, maxUses: number): Promise<string> {
  const json = { expires_in_sec: days * 86_400, max_uses: maxUses };
  return getJson(coursePath(courseId, "/invitation"), parseInvitationLink, { method: "POST", json });
}

/** All exams of a course, the earliest first. */
export function examsQuery(courseId: string) {
  return queryOptions({
    queryKey: ["course", courseId, "exams"],
    queryFn: ({ signal }) => getJson(coursePath(courseId, "/exams"), listOf(parseExam), { signal }),
  });
}

export interface NewExam {
  title: string;
  startsAt: number;
  endsAt: number;
}

export function createExam(courseId: string, exam: NewExam): Promise<Exam> {
  const json = { title: exam.title, starts_at: exam.startsAt, ends_at: exam.endsAt };
  return getJson(coursePath(courseId, "/exams"), parseExam, { method: "POST", json });
}

export async function removeExam(courseId: string, examId: string): Promise<void> {
  await request(coursePath(courseId, `/exams/${encodeURIComponent(examId)}`), { method: "DELETE" });
}
