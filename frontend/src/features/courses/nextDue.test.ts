import { expect, it } from "vitest";
import { parseAssignment } from "@/wire/courses";
import { byDeadline, nextDue } from "./nextDue";

const assignment = (id: string, dueAt: number | null, publishedAt: number | null = 1) =>
  parseAssignment({ id, course_id: "c", title: id, due_at: dueAt, published_at: publishedAt });

const all = [assignment("later", 300), assignment("over", 50), assignment("open", null), assignment("next", 200), assignment("draft", 150, null), assignment("older", 20)];

it("names what is due next, of what was published", () => {
  expect(nextDue(all, 100)?.id).toBe("next");
  expect(nextDue(all, 300)).toBeUndefined();
});

it("lists what is due first, and what is over last", () => {
  expect(byDeadline(all, 100).map(({ id }) => id)).toEqual(["draft", "next", "later", "open", "over", "older"]);
});
