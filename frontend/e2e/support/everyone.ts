import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { picture, type Theme } from "./scenario.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** What is no rule of WCAG, and yet how screen readers find their way. */
const WAYS = ["aria-allowed-role", "page-has-heading-one", "heading-order", "landmark-one-main"];
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const THEMES: readonly Theme[] = ["dark", "light", "contrast"];

/** What axe has to say against the page as it is: rule, element, and why. */
async function axe(page: Page, options: unknown): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  const found: unknown = await page.evaluate(`axe.run({ exclude: [".monaco-editor", "iframe"] }, ${JSON.stringify(options)})
    .then(({ violations }) => violations.flatMap((rule) => rule.nodes.map((node) => rule.id + ": " + node.target.join(" ") + " — " + node.failureSummary)))`);
  return Array.isArray(found) ? found.map(String) : [String(found)];
}

/** All of WCAG 2.2 AA. Nodes can be zoomed, and axe takes what the canvas cuts off for lying over the panels beside it. */
async function violations(page: Page): Promise<string[]> {
  const found = await axe(page, { runOnly: RULES, rules: { "target-size": { enabled: false } } });
  const shown = page.locator("[data-scope=canvas] .react-flow__renderer");
  await shown.evaluateAll((all) => all.forEach((one) => one.toggleAttribute("hidden", true)));
  const targets = await axe(page, { runOnly: { type: "rule", values: ["target-size"] } });
  await shown.evaluateAll((all) => all.forEach((one) => one.toggleAttribute("hidden", false)));
  const ways = await axe(page, { runOnly: { type: "rule", values: WAYS } });
  return [...found, ...targets, ...ways];
}

/** The page in each theme, as a person would switch it: nothing against it, and a picture of it. */
export async function check(page: Page, view: string): Promise<void> {
  for (const theme of THEMES) {
    await page.evaluate((name) => {
      document.documentElement.dataset["theme"] = name;
    }, theme);
    // Only colours differ from theme to theme.
    const found = theme === "dark" ? violations(page) : axe(page, { runOnly: { type: "rule", values: ["color-contrast"] } });
    await expect(found, `${view}, ${theme}`).resolves.toEqual([]);
    await picture(page, `view-${view}-${theme}`);
  }
}
