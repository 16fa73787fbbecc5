import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { audit } from "./en/audit";

it("has a name for all that the audit log can tell, and for nothing else", () => {
  const source = readFileSync("../control_plane/domain/audit.py", "utf8");
  const actions = [...source.matchAll(/^ {4}[A-Z_]+ = "([a-z_]+\.[a-z_]+)"/gm)].map(([, action = ""]) => `audit.${action}`);
  expect(actions.length).toBeGreaterThan(50);
  expect(Object.keys(audit).sort()).toEqual(actions.sort());
});
