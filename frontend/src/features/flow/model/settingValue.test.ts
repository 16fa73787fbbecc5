import { describe, expect, it } from "vitest";
import type { Setting } from "@/wire/generated";
import { readSetting, readTimeout, settingKind, settingText } from "./settingValue";

function setting(type: string, value: unknown = null, choices: unknown[] = []): Setting {
  return { name: "s", type, default: value, required: false, choices };
}

describe("a setting", () => {
  it.each([
    [setting("int"), "integer"],
    [setting("float"), "number"],
    [setting("bool"), "boolean"],
    [setting("str | None"), "text"],
    [setting("Optional[int]"), "integer"],
    [setting("list[int]"), "json"],
    [setting("", 2.5), "number"],
    [setting("", true), "boolean"],
    [setting('Literal["a"]', "a", ["a"]), "choice"],
  ] as const)("%j is edited as %s", (given, kind) => expect(settingKind(given)).toBe(kind));

  it("takes what is of its kind and nothing else", () => {
    expect(readSetting("integer", " 7 ")).toEqual({ ok: true, value: 7 });
    expect(readSetting("integer", "7.5").ok).toBe(false);
    expect(readSetting("number", "").ok).toBe(false);
    expect(readSetting("number", "-1e3")).toEqual({ ok: true, value: -1000 });
    expect(readSetting("json", "[1, 2]")).toEqual({ ok: true, value: [1, 2] });
    expect(readSetting("json", "[1,").ok).toBe(false);
    expect(readSetting("text", "007")).toEqual({ ok: true, value: "007" });
  });

  it("refuses a whole number that would be saved as another one", () => {
    expect(readSetting("integer", "9007199254740991")).toEqual({ ok: true, value: 9007199254740991 });
    expect(readSetting("integer", "9007199254740993")).toEqual({ ok: false, problem: "flow.integerTooLarge" });
  });

  it("is shown as it is typed", () => {
    expect(settingText("text", "a")).toBe("a");
    expect(settingText("json", "a")).toBe('"a"');
    expect(settingText("integer", 3)).toBe("3");
  });
});

describe("a time limit", () => {
  it.each([
    ["", null],
    ["  ", null],
    [" 0.5 ", 0.5],
    ["90", 90],
  ])("takes %j", (text, value) => expect(readTimeout(text)).toEqual({ ok: true, value }));

  it.each(["0", "-1", "soon", "1,5", "1e999", "30 s"])("refuses %j with a sentence", (text) =>
    expect(readTimeout(text)).toEqual({ ok: false, problem: "flow.notATimeout" }));
});
