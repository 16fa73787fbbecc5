import { describe, expect, it } from "vitest";
import { safeReturnPath } from "./returnPath";

describe("where a sign-in leads", () => {
  it.each(["/", "/project/p1", "/project/p1?tab=runs#n1", "/admin/people"])("goes back to %s", (path) => {
    expect(safeReturnPath(path)).toBe(path);
  });

  it.each([
    undefined,
    7,
    "",
    "project/p1",
    "https://elsewhere.example/",
    "//elsewhere.example/",
    "/\\elsewhere.example/",
    "\\\\elsewhere.example",
    "/\t/elsewhere.example",
    "/.//elsewhere.example",
    "javascript:alert(1)",
    "/sign-in?next=/sign-in",
    "/join",
  ])("does not go to %j", (wanted) => {
    expect(safeReturnPath(wanted)).toBe("/");
  });
});
