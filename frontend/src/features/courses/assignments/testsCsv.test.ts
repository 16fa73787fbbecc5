import { expect, it } from "vitest";
import type { TestTable } from "@/wire/courses";
import { testsCsv } from "./testsCsv";

const table: TestTable = {
  running: 0,
  waiting: 0,
  tests: [
    { node: "t1", title: "Sums" },
    { node: "t2", title: "Names, all" },
  ],
  rows: [
    {
      login: "ada",
      name: "Ada",
      state: "done",
      message: "",
      passed: 1,
      of: 2,
      points: 3,
      results: { t1: { passed: true, points: 3, message: "" }, t2: { passed: false, points: null, message: '=HYPERLINK("x")' } },
      durationMs: 5,
      at: 1,
      outdated: false,
    },
    { login: "bob", name: "Bob", state: "waiting", message: "", passed: 0, of: 0, points: null, results: {}, durationMs: 0, at: 1, outdated: false },
  ],
};

it("has a line for each student, and no formulas", () => {
  expect(testsCsv(table).split("\r\n")).toEqual([
    '\uFEFFlogin,name,state,passed,of,points,Sums,Sums: points,Sums: message,"Names, all","Names, all: points","Names, all: message"',
    'ada,Ada,done,1,2,3,passed,3,,failed,,"\'=HYPERLINK(""x"")"',
    "bob,Bob,waiting,0,0,,,,,,,",
    "",
  ]);
});
