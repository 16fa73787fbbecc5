import { expect, it } from "vitest";
import { readParameter, type Parameter } from "./parameters";

function parameter(type: string, given: Partial<Parameter> = {}): Parameter {
  return { key: "k", label: "k", type, value: null, choices: [], ...given };
}

it("takes numbers alone where a number is asked for", () => {
  expect(readParameter(parameter("number"), "2.5")).toBe(2.5);
  expect(readParameter(parameter("int"), "7")).toBe(7);
  expect(readParameter(parameter("float"), "1e999")).toBeUndefined();
  expect(readParameter(parameter("int"), "7.5")).toBeUndefined();
  expect(readParameter(parameter("number"), '"many"')).toBeUndefined();
  expect(readParameter(parameter("number"), "")).toBeUndefined();
});

it("leaves text as it is, and reads all else as JSON", () => {
  expect(readParameter(parameter("text"), "007")).toBe("007");
  expect(readParameter(parameter("int | None"), "null")).toBeNull();
  expect(readParameter(parameter("list[int]"), "[1]")).toEqual([1]);
  expect(readParameter(parameter("list[int]"), "[1")).toBeUndefined();
  expect(readParameter(parameter("choice", { choices: [1, 2] }), "2")).toBe(2);
});
