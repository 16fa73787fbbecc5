import { describe, expect, it } from "vitest";
import { initials } from "./initials";

describe("the letters of an avatar", () => {
  it.each([
    ["Ada Lovelace", "AL"],
    ["Ada B. C. Lovelace", "AL"],
    ["kim@school.example", "K"],
    ["min.kim@school.example", "MK"],
    ["홍길동", "홍"],
    ["  ", "?"],
    ["👩‍🚀 ada", "👩‍🚀A"],
  ])("%s", (name, letters) => {
    expect(initials(name)).toBe(letters);
  });
});
