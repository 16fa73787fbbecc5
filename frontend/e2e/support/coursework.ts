import { expect } from "vitest";
import { field } from "./api.ts";
import type { Somebody } from "./school.ts";

const WORK = "def main():\n    return 0  # the area of a field of 6 by 7 metres\n";
const TEST = `def main(area):
    assert area == 42, f"{area} is not the area"
    return {"points": 2, "message": "exact"}
`;

export interface Areas {
  project: string;
  /** The node that students do not get. */
  test: string;
}

/** A teacher's project: what students get, and the test that they do not. */
export async function areas(teacher: Somebody): Promise<Areas> {
  const project = await teacher.make("/api/project/make", { name: "Areas of fields" });
  const nodes = `/api/project/${project}/nodes`;
  const work = await teacher.make(nodes, { kind: "code", title: "Area", code: WORK, position: { x: 0, y: 0 } });
  const test = await teacher.make(nodes, { kind: "code", title: "Six by seven", code: TEST, position: { x: 340, y: 0 } });
  await teacher.ask("POST", `/api/project/${project}/edges`, { source: work, target: test });
  return { project, test };
}

/** A course of a teacher, with its students. */
export async function courseOf(teacher: Somebody, title: string, students: readonly Somebody[]): Promise<string> {
  const course = await teacher.make("/api/courses", { title });
  for (const { login, name } of students) await teacher.ask("PUT", `/api/courses/${course}/members/${login}`, { name, role: "student" });
  return course;
}

/** An assignment that is published. `dueAt` in seconds since 1970. */
export async function assignmentOf(teacher: Somebody, course: string, { project, test }: Areas, dueAt: number | null): Promise<string> {
  const draft = { title: "Areas", text: "", project_id: project, hidden_nodes: [test], due_at: dueAt };
  const assignment = await teacher.make(`/api/courses/${course}/assignments`, draft);
  await teacher.ask("POST", `/api/assignments/${assignment}/publish`);
  return assignment;
}

/** The student's project for an assignment. */
export async function started(student: Somebody, assignment: string): Promise<string> {
  const id = field(await student.ask("POST", `/api/assignments/${assignment}/start`), "project_id");
  if (typeof id !== "string") throw new Error("A start made no project.");
  return id;
}

/** Save a student's code in the one node that they got. */
export async function solve(student: Somebody, project: string, code = "def main():\n    return 6 * 7\n"): Promise<void> {
  const graph = await student.ask("GET", `/api/project/${project}`);
  const nodes = field(graph, "nodes");
  expect(Array.isArray(nodes) ? nodes.map((node) => field(node, "title")) : nodes).toEqual(["Area"]);
  const id = String(field(Array.isArray(nodes) ? nodes[0] : undefined, "id"));
  await student.write(project, id, code);
}

/** Delete their projects, and with them the sandboxes: the machine is small. */
export async function leaveNothing(...people: readonly Somebody[]): Promise<void> {
  for (const person of people) {
    const projects = await person.ask("GET", "/api/project/");
    const own = Array.isArray(projects) ? projects.filter((project) => field(project, "share") === "owner") : [];
    await Promise.all(own.map((project) => person.ask("DELETE", `/api/project/${String(field(project, "id"))}`)));
  }
}
