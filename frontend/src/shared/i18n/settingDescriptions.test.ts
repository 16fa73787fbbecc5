import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { settingDescriptions } from "./ko/settingDescriptions";

/** What each setting means, as the server describes it; the list is held to the server's own by a test of its. */
function described(): string[] {
  const text = readFileSync("../docs/settings.md", "utf8");
  const rows = [...text.matchAll(/^\| `AIMFORGE_\w+` \|[^|]*\| (?<meaning>.+) \|$/gm)];
  return rows.map(({ groups }) => (groups?.["meaning"] ?? "").replace(/ Also as `\w+`\.$/, ""));
}

it("each setting is described in Korean, and nothing that there is no more", () => {
  const english = described();
  expect(english.length).toBeGreaterThan(80);
  expect(Object.keys(settingDescriptions).sort()).toEqual([...new Set(english)].sort());
  expect(Object.values(settingDescriptions).filter((text) => !/[가-힣]/.test(text))).toEqual([]);
});
