import { describe, expect, it } from "vitest";
import { auditQuery, detailLine, EVERYTHING } from "./auditFilter";

describe("what is asked of the audit log", () => {
  it("is everything when nothing was chosen", () => {
    expect(Object.values(auditQuery(EVERYTHING)).filter((value) => value !== undefined)).toEqual([]);
  });

  it("is whole days, as clocks here show them", () => {
    const { since, until } = auditQuery({ ...EVERYTHING, since: "2026-03-31", until: "2026-03-31" });
    expect(since).toBe(new Date(2026, 2, 31).getTime() / 1000);
    expect(until).toBe(new Date(2026, 3, 1).getTime() / 1000);
  });

  it("leaves out what is no day", () => {
    expect(auditQuery({ ...EVERYTHING, since: "yesterday" })["since"]).toBeUndefined();
  });

  it("names a person and a group", () => {
    expect(auditQuery({ ...EVERYTHING, actor: "p1", action: "token." })).toMatchObject({ actor: "p1", action: "token." });
  });
});

describe("an entry's details", () => {
  it("are one line", () => {
    expect(detailLine({ by: "password", count: 3, kept: null })).toBe("by=password, count=3, kept=null");
    expect(detailLine({})).toBe("");
  });
});
