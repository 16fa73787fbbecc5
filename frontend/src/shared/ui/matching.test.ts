import { expect, it } from "vitest";
import { matching } from "./matching";

it("finds what holds every word, in any order and case", () => {
  const names = ["Kim Minji", "Kim Jun", "Ada Lovelace"];
  const found = (query: string) => matching(names, query, (name) => name);
  expect(found("")).toEqual(names);
  expect(found("KIM")).toEqual(["Kim Minji", "Kim Jun"]);
  expect(found("jun kim")).toEqual(["Kim Jun"]);
  expect(found("kim ada")).toEqual([]);
});
