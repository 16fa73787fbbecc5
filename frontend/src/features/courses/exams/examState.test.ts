import { expect, it } from "vitest";
import { examState } from "./examState";

it("begins with its start and is over with its end", () => {
  const exam = { startsAt: 100, endsAt: 200 };
  expect(examState(exam, 40)).toEqual({ state: "coming", left: 60 });
  expect(examState(exam, 100)).toEqual({ state: "on", left: 100 });
  expect(examState(exam, 199)).toEqual({ state: "on", left: 1 });
  expect(examState(exam, 200)).toEqual({ state: "over", left: 0 });
});
