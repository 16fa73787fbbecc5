import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dateTimeAndZone, fromLocalField, timeLeft, toLocalField } from "./localTime";

beforeEach(() => {
  document.documentElement.lang = "en";
});
afterEach(() => {
  document.documentElement.lang = "";
});

describe("time", () => {
  it("that is left has two parts at most", () => {
    expect([187_200, 172_800, 11_520, 7_200, 725, 5, 0, -3].map(timeLeft)).toEqual([
      "2 days 4 hr",
      "2 days",
      "3 hr 12 min",
      "2 hr",
      "12:05",
      "0:05",
      "0:00",
      "0:00",
    ]);
  });

  it("that several people keep to tells its zone", () => {
    const zone = new Intl.DateTimeFormat("en", { timeZoneName: "short" }).formatToParts(0).find(({ type }) => type === "timeZoneName");
    const at = new Date(2026, 0, 5, 18, 5).getTime() / 1000;
    expect(dateTimeAndZone(at)).toMatch(/^Mon, Jan 5, 2026.* 06:05\sPM \S+$/);
    expect(dateTimeAndZone(0).endsWith(` ${String(zone?.value)}`)).toBe(true);
  });

  it("comes back from a field as it went in", () => {
    const at = new Date(2026, 2, 30, 18, 5).getTime() / 1000;
    expect(toLocalField(at)).toBe("2026-03-30T18:05");
    expect(fromLocalField("2026-03-30T18:05")).toBe(at);
  });

  it("is none where nothing was chosen", () => {
    expect(fromLocalField("")).toBeNull();
    expect(fromLocalField("tomorrow")).toBeNull();
  });
});
