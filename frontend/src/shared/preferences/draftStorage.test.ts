import { afterEach, expect, it } from "vitest";
import { DRAFT_PREFIX, forgetDrafts, hasDrafts } from "./draftStorage";

afterEach(() => localStorage.clear());

it("forgets what was typed, and nothing else", () => {
  expect(hasDrafts()).toBe(false);
  localStorage.setItem("aimforge.preferences", "{}");
  for (const key of ["p1:node a", "p1:node b", "p2:file c"]) localStorage.setItem(DRAFT_PREFIX + key, "text");
  expect(hasDrafts()).toBe(true);
  forgetDrafts();
  expect(hasDrafts()).toBe(false);
  expect(localStorage.getItem("aimforge.preferences")).toBe("{}");
});
