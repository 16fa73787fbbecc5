import { describe, expect, it } from "vitest";
import { readAmount, readHosts, shownAmount } from "./amounts";

describe("an amount in a form", () => {
  it("is written in its unit and read back", () => {
    expect(shownAmount("memory", 1536 * 1024 * 1024)).toBe("1536");
    expect(readAmount("memory", "1536")).toBe(1536 * 1024 * 1024);
    expect(readAmount("cpus", "0,5")).toBe(0.5);
    expect(readAmount("bytes_per_sec", "100")).toBe(102_400);
  });

  it("may be left out", () => {
    expect(shownAmount("pids", null)).toBe("");
    expect(readAmount("pids", " ")).toBeNull();
  });

  it("is 0 only where that means that there is no limit", () => {
    expect(readAmount("at_once", "0")).toBe(0);
    expect(readAmount("memory", "0")).toBeUndefined();
    expect(readAmount("memory", "-1")).toBeUndefined();
    expect(readAmount("memory", "much")).toBeUndefined();
  });
});

describe("hosts in a form", () => {
  it("are separated by lines, spaces or commas", () => {
    expect(readHosts("a.example\nb.example:8080, c.example\n")).toEqual(["a.example", "b.example:8080", "c.example"]);
    expect(readHosts(" ")).toEqual([]);
  });
});
