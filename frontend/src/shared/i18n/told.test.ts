import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CLOSE_CODES, CLOSINGS } from "@/wire/generated";
import { en } from "./en";
import { loadTexts } from "./i18n";
import { ko } from "./ko";
import { toldClosing, toldError, toldPlainly, toldRunError, toldSandbox, toldVenv } from "./told";

const AGENT = "../sandbox_image/agent/environment/environment.py";

/** What the agent says of a step of the environment, where no name is part of it. */
function agentSteps(): string[] {
  const source = readFileSync(AGENT, "utf8");
  const begun = [
    ...source.matchAll(/_begin\(VenvState\.\w+, "([^"]+)"/g),
    ...source.matchAll(/\(0\.\d+, "([^"]+)"\)/g),
    ...source.matchAll(/^LOST: Final = "([^"]+)"/gm),
  ];
  return begun.map(([, said = ""]) => said);
}

afterEach(() => loadTexts("en"));

describe("in English", () => {
  it("is the server's own sentence, or a text that stands in for it", () => {
    expect(toldError("not_found", "There is no node 'x'.")).toBe("There is no node 'x'.");
    expect(toldError("not_found", "")).toBe(en["server.error.not_found"]);
    expect(toldVenv("Downloading packages")).toBe("Downloading packages");
    expect(toldPlainly("Its code was edited.")).toBe("Its code was edited.");
    const error = { type: "KeyError", message: "'area'", hint: "" };
    expect(toldRunError(error)).toEqual({ lead: "", message: "'area'", hint: "" });
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

  it("is the server's sentence in Korean, or the text of the code with the sentence behind it", () => {
    expect(toldError("not_found", "There is no node 'x'.")).toBe("노드 'x'이(가) 없습니다.");
    expect(toldError("not_found", "Nobody wrote this down.")).toBe(`${ko["server.error.not_found"]} (Nobody wrote this down.)`);
  });

  it("says first what kind of error a node ended with, and leaves Python's message as it is", () => {
    const error = { type: "ModuleNotFoundError", message: "No module named 'cv2'", hint: "Install the package, or check the spelling of the import." };
    expect(toldRunError(error)).toEqual({
      lead: ko["server.run.ModuleNotFoundError"],
      message: "No module named 'cv2'",
      hint: "패키지를 설치하거나 import의 철자를 확인하세요.",
    });
    expect(toldRunError({ type: "Mine", message: "Whatever.", hint: "" }).lead).toBe(ko["server.run.other"]);
    expect(toldRunError({ type: "constructor", message: "Whatever.", hint: "" }).lead).toBe(ko["server.run.other"]);
    const timedOut = { type: "TimedOut", message: "The node ran longer than its limit of 5 s and was stopped.", hint: "" };
    expect(toldRunError(timedOut)).toEqual({ lead: "", message: "노드가 제한 시간 5초를 넘겨 중단되었습니다.", hint: "" });
  });

  it("prefers the reason why a sandbox ended", () => {
    expect(toldError("sandbox_failed", CLOSINGS[4021]?.sentence ?? "", { reason: "out_of_memory" })).toBe(ko["server.ended.out_of_memory"]);
    expect(toldSandbox({ reason: "crashed", message: CLOSINGS[4025]?.sentence ?? "" })).toBe(ko["server.ended.crashed"]);
  });

  it("says why something was refused, with what it is about, and no English behind it", () => {
    const detail = { reason: "login_taken", login: "ada", field: "login" };
    expect(toldError("conflict", "The login 'ada' is taken.", detail)).toBe("‘ada’ 아이디는 이미 쓰이고 있습니다.");
    expect(toldError("forbidden", "Only an administrator may do this.", { reason: "admins_only" })).toBe(ko["server.refused.admins_only"]);
  });

  it("has each close code, without the English sentence, which says no more", () => {
    for (const code of Object.values(CLOSE_CODES)) expect(toldClosing(code, "Closed.")).toBe(ko[`server.closed.${code}`]);
  });

  it("has each step that the agent takes with an environment", () => {
    const steps = agentSteps();
    expect(steps).toContain("Creating the environment");
    expect(steps).toContain("Downloading packages");
    expect(steps).toContain("The environment was deleted. Making it anew");
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
