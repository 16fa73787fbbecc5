import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { sentences as korean } from "./ko";
import { Sentences } from "./sentences";

const KOREAN = new Sentences(korean);

/** Sentences of these files reach people: who write and run nodes, and who fill in forms. Those of others are for programs. */
const SOURCES = [
  ...[
    "flow/cause.py",
    "flow/constants.py",
    "flow/flow_run.py",
    "flow/freshness.py",
    "flow/node_inputs.py",
    "flow/results.py",
    "flow/signature.py",
    "executor/executor.py",
    "executor/execution.py",
    "executor/faults.py",
    "executor/zygote.py",
    "executor/child/failures.py",
    "environment/package_names.py",
    "environment/requirements.py",
    "terminal/terminals.py",
  ].map((name) => `sandbox_image/agent/${name}`),
  ...[
    "domain/allowance.py",
    "domain/courses.py",
    "domain/egress.py",
    "domain/limits.py",
    "domain/member_list.py",
    "domain/people.py",
    "adapters/egress/proxy.py",
    "services/projects.py",
    "services/courses/exams.py",
    "services/courses/members.py",
    "services/courses/submissions.py",
    "services/people/api_tokens.py",
    "services/people/invitations.py",
    "services/people/shares.py",
  ].map((name) => `control_plane/${name}`),
];

/** Parts of sentences, and what only the command line tells. */
const NOT_TOLD = new Set([
  "x (copy)",
  "This project has no network.",
  "This project may reach the package index and nothing else.",
  "Ask for it in the project's network panel.",
  "Only ports 80 and 443 of public hosts are open.",
  "During an exam there is no network.",
  "The sandbox's answer to the import cannot be read.",
]);

/** String literals of Python that are a sentence, with something in the place of what is filled in. A refusal with a reason has a text of its own. */
function written(source: string): string[] {
  const text = readFileSync(`../${source}`, "utf8")
    .replaceAll(/(?<!")"\n\s*f?"(?!")/g, "")
    .replaceAll(/f?"[^"\n]*",?\s*(?:\w+=[^,()]*,\s*)*reason=Refusal/g, "");
  const found = [...text.matchAll(/(?<!")f?"(?!")([A-Z{][^"\n]*[.)])"(?!")/g)].map(([, literal = ""]) => literal.replaceAll(/\{[^}]*\}/g, "x"));
  return found.filter((sentence) => !NOT_TOLD.has(sentence));
}

describe("sentences in Korean", () => {
  it.each(SOURCES)("has each of %s", (source) => {
    const all = written(source);
    expect(all.length).toBeGreaterThan(0);
    expect(all.filter((sentence) => KOREAN.find(sentence) === undefined)).toEqual([]);
  });

  it("keeps what is filled in, wherever it stands", () => {
    const values = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
    for (const [english, text] of Object.entries(korean)) {
      expect(text, english).toMatch(/[가-힣]/);
      expect(values(text), english).toEqual(values(english));
    }
  });

  it("fills in what the sentence was about", () => {
    expect(KOREAN.find("Its settings were changed: limit, order.")).toBe("설정이 바뀌었습니다: limit, order.");
    expect(KOREAN.find("Nothing is connected to the input `a` of The sum of {b}. Connect a node to it.")).toBe(
      "The sum of {b} 노드의 입력 `a`에 연결된 것이 없습니다. 노드를 연결하세요.",
    );
  });

  it("leaves the lines below the first as they are", () => {
    expect(KOREAN.find("There was not enough memory.\nCaused by OSError: 12")).toBe("메모리가 부족했습니다.\nCaused by OSError: 12");
  });

  it("knows nothing of other sentences, nor of very long ones", () => {
    expect(KOREAN.find("Short and stout.")).toBeUndefined();
    expect(KOREAN.find("")).toBeUndefined();
    expect(KOREAN.find(`${"x".repeat(10_000)} did not succeed.`)).toBeUndefined();
    expect(KOREAN.find("toString")).toBeUndefined();
  });
});
