import { describe, expect, it } from "vitest";

import { loneName, normalized, parseSpecifiers } from "./specifiers";

describe("parseSpecifiers", () => {
  it("takes names, versions and extras, one or several", () => {
    expect(parseSpecifiers("polars").specifiers).toEqual(["polars"]);
    expect(parseSpecifiers("polars >= 1, < 2  uvicorn[standard]==0.54\nrich").specifiers).toEqual([
      "polars>=1,<2",
      "uvicorn[standard]==0.54",
      "rich",
    ]);
    expect(parseSpecifiers("numpy, pandas,scipy~=1.11").specifiers).toEqual(["numpy", "pandas", "scipy~=1.11"]);
    expect(parseSpecifiers("a[x,y]>=1").specifiers).toEqual(["a[x,y]>=1"]);
  });

  it("forgives a pasted command and repeats", () => {
    expect(parseSpecifiers("!pip install polars polars")).toEqual({ specifiers: ["polars"], wrong: [] });
    expect(parseSpecifiers("uv add rich").specifiers).toEqual(["rich"]);
  });

  it("names what is no requirement: options, paths, half a version", () => {
    expect(parseSpecifiers("polars --no-deps x/y")).toEqual({ specifiers: ["polars"], wrong: ["--no-deps", "x/y"] });
    expect(parseSpecifiers("polars>=").wrong).toEqual(["polars>="]);
    expect(parseSpecifiers("-r requirements.txt").wrong).toEqual(["-r"]);
    expect(parseSpecifiers("../evil").wrong).toEqual(["../evil"]);
    expect(parseSpecifiers("").specifiers).toEqual([]);
  });

  it("compares names as Python does", () => {
    expect(normalized("Foo.Bar_baz")).toBe("foo-bar-baz");
  });
});

it("searches for one name, and nothing else", () => {
  expect(loneName(["polars"])).toBe("polars");
  expect(loneName(["polars>=1"])).toBeNull();
  expect(loneName(["polars", "rich"])).toBeNull();
  expect(loneName([])).toBeNull();
});
