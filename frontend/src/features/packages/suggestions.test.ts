import { expect, it } from "vitest";
import { loneName, suggestions } from "./suggestions";

const named = (name: string) => ({ name, version: "1.0", required: false });
const names = (text: string, installed: string[] = []) =>
  suggestions(text, ["scikit-learn", "polars", "learn-x", "pandas"].map(named), installed.map(named)).map(({ name }) => name);

it("suggests what matches and is not there yet, the best first", () => {
  expect(names("learn")).toEqual(["learn-x", "scikit-learn"]);
  expect(names("Scikit_L")).toEqual(["scikit-learn"]);
  expect(names("p")).toEqual(["pandas", "polars"]);
  expect(names("p", ["Pandas"])).toEqual(["polars"]);
  expect(names("")).toEqual([]);
});

it("looks up one name, and nothing else", () => {
  expect(loneName(["polars"])).toBe("polars");
  expect(loneName(["polars>=1"])).toBeNull();
  expect(loneName(["polars", "rich"])).toBeNull();
  expect(loneName([])).toBeNull();
});
