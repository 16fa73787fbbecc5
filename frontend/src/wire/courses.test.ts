import { describe, expect, it } from "vitest";
import { parseAssignment, parseCourseSummary, parseSubmission, parseTestTable } from "./courses";
import { ParseError } from "./parse";

describe("what the control plane tells of courses", () => {
  it("is a course with the exam that is on", () => {
    const course = { id: "c", title: "Python", role: "student", students: 3, assignments: 1 };
    expect(parseCourseSummary({ ...course, exam: null }).exam).toBeNull();
    const exam = { id: "x", title: "Midterm", starts_at: 1, ends_at: 2 };
    expect(parseCourseSummary({ ...course, exam }).exam).toEqual({ id: "x", title: "Midterm", startsAt: 1, endsAt: 2 });
    expect(() => parseCourseSummary({ ...course, role: "owner" })).toThrow(ParseError);
  });

  it("is an assignment, which tells students less", () => {
    expect(parseAssignment({ id: "a", course_id: "c", title: "One" })).toMatchObject({ projectId: "", hiddenNodes: [], dueAt: null });
  });

  it("is a submission", () => {
    const submission = parseSubmission({ login: "ada", state: "handed_in", handed_in_at: 5, late: true, points: 2.5 });
    expect(submission).toMatchObject({ login: "ada", handedInAt: 5, late: true, points: 2.5, projectId: "", comment: "" });
    expect(() => parseSubmission({ login: "ada", state: "lost" })).toThrow(ParseError);
  });

  it("is a table of tests", () => {
    const row = { login: "ada", name: "Ada", state: "done", results: { t1: { passed: true, points: null, message: "" } } };
    const table = parseTestTable({ running: 0, waiting: 0, tests: [{ node: "t1", title: "Sums" }], rows: [row] });
    expect(table.rows[0]?.results["t1"]?.passed).toBe(true);
    expect(table.tests).toEqual([{ node: "t1", title: "Sums" }]);
  });
});
