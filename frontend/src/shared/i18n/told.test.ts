import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CLOSE_CODES, CLOSINGS } from "@/wire/generated";
import { en } from "./en";
import { loadTexts } from "./i18n";
import { ko } from "./ko";
import { toldClosing, toldError, toldSandbox, toldVenv } from "./told";

const AGENT = "../sandbox_image/agent/environment/environment.py";

/** What the agent says of a step of the environment, where no name is part of it. */
function agentSteps(): string[] {
  const source = readFileSync(AGENT, "utf8");
  const begun = [...source.matchAll(/_begin\(VenvState\.\w+, "([^"]+)"/g), ...source.matchAll(/\(0\.\d+, "([^"]+)"\)/g)];
  return begun.map(([, said = ""]) => said);
}

afterEach(() => loadTexts("en"));

describe("in English", () => {
  it("is the server's own sentence, or a text that stands in for it", () => {
    expect(toldError("not_found", "There is no node 'x'.")).toBe("There is no node 'x'.");
    expect(toldError("not_found", "")).toBe(en["server.error.not_found"]);
    expect(toldVenv("Downloading packages")).toBe("Downloading packages");
  });

  it("closes sockets with the sentences of the server", () => {
    for (const code of Object.values(CLOSE_CODES)) {
      expect(en[`server.closed.${code}`]).toBe(CLOSINGS[code]?.sentence);
      expect(toldClosing(code, "")).toBe(CLOSINGS[code]?.sentence);
    }
  });
});

describe("in Korean", () => {
  beforeEach(() => loadTexts("ko"));

  it("is the text of the code, with the server's sentence behind it", () => {
    expect(toldError("not_found", "There is no node 'x'.")).toBe(`${ko["server.error.not_found"]} (There is no node 'x'.)`);
  });

  it("prefers the reason why a sandbox ended", () => {
    expect(toldError("sandbox_failed", CLOSINGS[4021]?.sentence ?? "", "out_of_memory")).toBe(ko["server.ended.out_of_memory"]);
    expect(toldSandbox({ reason: "crashed", message: CLOSINGS[4025]?.sentence ?? "" })).toBe(ko["server.ended.crashed"]);
  });

  it("has each close code, without the English sentence, which says no more", () => {
    for (const code of Object.values(CLOSE_CODES)) expect(toldClosing(code, "Closed.")).toBe(ko[`server.closed.${code}`]);
  });

  it("has each step that the agent takes with an environment", () => {
    const steps = agentSteps();
    expect(steps).toContain("Creating the environment");
    expect(steps).toContain("Downloading packages");
    for (const step of steps) expect(toldVenv(step), step).toMatch(/[가-힣]/);
    expect(toldVenv("Installing polars, numpy>=2")).toContain("polars, numpy>=2 ");
    expect(toldVenv("Uninstalling polars")).toMatch(/polars.*제거/);
  });

  it("leaves what has no code as it came", () => {
    expect(toldError("teapot", "Short and stout.")).toBe("Short and stout.");
    expect(toldError("constructor", "No table has this.")).toBe("No table has this.");
    expect(toldClosing(3999, "Because.")).toBe("Because.");
    expect(toldVenv("No version of 'a' fits.")).toBe("No version of 'a' fits.");
    expect(toldSandbox({ reason: "", message: "Somebody wrote this." })).toBe("Somebody wrote this.");
    expect(toldSandbox({ reason: "crashed", message: "" })).toBe("");
  });
});
