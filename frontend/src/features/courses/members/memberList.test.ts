import { describe, expect, it } from "vitest";
import { cellsOf, readMemberList } from "./memberList";

describe("a list of members", () => {
  it("has login, name and role, in that order", () => {
    expect(readMemberList("ada,Ada Lovelace\ngrace,Grace Hopper,teacher").members).toEqual([
      { line: 1, login: "ada", name: "Ada Lovelace", role: "student" },
      { line: 2, login: "grace", name: "Grace Hopper", role: "teacher" },
    ]);
  });

  it.each([
    ["name;email\nLovelace, Ada;Ada@school.example", "ada@school.example", "Lovelace, Ada"],
    ["\uFEFFlogin\tname\r\nada\tAda\r\n", "ada", "Ada"],
    ["ada", "ada", "ada"],
  ])("is read as spreadsheets write it: %j", (text, login, name) => {
    const { members, problems } = readMemberList(text);
    expect(members).toMatchObject([{ login, name, role: "student" }]);
    expect(problems).toEqual([]);
  });

  it("is told line by line where it is wrong, and the others count", () => {
    const { members, problems } = readMemberList("ada,Ada\n,Nobody\n\nada,Again\nbob,Bob,captain\nalan turing,Alan\nkim,Kim");
    expect(members.map(({ login }) => login)).toEqual(["ada", "kim"]);
    expect(problems.map(({ line, problem }) => [line, problem])).toEqual([
      [2, "login"],
      [4, "twice"],
      [5, "role"],
      [6, "login"],
    ]);
  });

  it("keeps separators within quotes", () => {
    expect(cellsOf('ada,"Lovelace, ""Ada""",student', ",")).toEqual(["ada", 'Lovelace, "Ada"', "student"]);
  });
});
