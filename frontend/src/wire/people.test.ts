import { describe, expect, it } from "vitest";
import { listOf } from "./fields";
import { ParseError } from "./parse";
import { parseAuditPage, parseMe, parseSandboxInfo, parseShares, parseToken } from "./people";

const me = { id: "p1", name: "Kim", role: "admin", login: "kim", scope: "admin", mode: "hosted", has_password: true };

describe("what the server tells of people", () => {
  it("reads who is signed in", () => {
    expect(parseMe(me)).toEqual({ id: "p1", name: "Kim", login: "kim", role: "admin", mode: "hosted", hasPassword: true });
  });

  it.each([{ ...me, id: "" }, { ...me, role: "king" }, { ...me, mode: "other" }, { ...me, name: 7 }, null, []])(
    "refuses %j",
    (value) => {
      expect(() => parseMe(value)).toThrow(ParseError);
    },
  );

  it("keeps a token that never ends apart from one that does", () => {
    const token = { id: "t1", name: "ci", scope: "edit", created_at: 5, expires_at: null, used_at: 9 };
    expect(parseToken(token)).toMatchObject({ expiresAt: null, usedAt: 9, token: "" });
    expect(parseToken({ ...token, expires_at: 6, token: "aft_x" })).toMatchObject({ expiresAt: 6, token: "aft_x" });
  });

  it("takes no share for granted that nobody can give", () => {
    const given = { person_id: "p2", login: "lee", name: "Lee", share: "editor" };
    expect(parseShares({ people: [given], links: [] }).people[0]).toMatchObject({ personId: "p2", share: "editor" });
    expect(() => parseShares({ people: [{ ...given, share: "owner" }], links: [] })).toThrow(ParseError);
  });

  it("reads a page of the audit log", () => {
    const entry = { id: 4, at: 1, action: "session.sign_in", actor: "p1", detail: { by: "password" } };
    const page = parseAuditPage({ entries: [entry], next_before: 4 });
    expect(page.nextBefore).toBe(4);
    expect(page.entries[0]).toMatchObject({ actor: "p1", projectName: "", detail: { by: "password" } });
  });

  it("tells a sandbox that was not asked from one that uses nothing", () => {
    const sandbox = { project_id: "x", state: "ready", memory_limit: 1024, cpus: 2, busy: ["run"] };
    expect(parseSandboxInfo(sandbox).usage).toBeNull();
    expect(parseSandboxInfo({ ...sandbox, usage: { memory: 5, memory_limit: 9 } }).usage).toMatchObject({ memory: 5, memory_limit: 9, disk_limit: 0 });
  });

  it("refuses what is no list", () => {
    expect(() => listOf(parseMe)({})).toThrow(ParseError);
  });
});
