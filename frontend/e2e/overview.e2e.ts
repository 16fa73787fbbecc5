import { expect } from "vitest";
import type { Page } from "playwright-core";
import { picture, scenario } from "./support/scenario.ts";

const CANVAS = "[data-scope=canvas] canvas";

async function drag(page: Page, by: { x: number; y: number }): Promise<void> {
  await page.mouse.move(640, 300);
  await page.mouse.down({ button: "middle" });
  await page.mouse.move(640 + by.x, 300 + by.y, { steps: 6 });
  await page.mouse.up({ button: "middle" });
}

function shift(page: Page): Promise<string> {
  return page.locator(CANVAS).evaluate((element) => getComputedStyle(element).transform);
}

scenario("a large flow that is panned looks as if it were painted there", async (stage) => {
  const across = 20;
  const nodes = Array.from({ length: 300 }, (_, index) => ({
    id: `n${String(index)}`,
    title: `Step ${String(index)}`,
    x: (index % across) * 300,
    y: Math.floor(index / across) * 180,
  }));
  const edges = nodes.slice(1).flatMap((node, index) => (node.x === 0 ? [] : [[`n${String(index)}`, node.id] as const]));
  const { page } = await stage.open("Overview", { nodes, edges });
  await page.keyboard.press("Control+0");
  await page.locator(CANVAS).waitFor();
  const before = await shift(page);
  await drag(page, { x: 90, y: 60 });
  await expect.poll(() => shift(page)).not.toBe(before);
  const scene = page.locator("[data-scope=canvas] .react-flow");
  const moved = await scene.screenshot();
  await picture(page, "overview-panned-dark");
  // There and back by more than what is painted beyond the edges: it was painted anew on the way.
  await drag(page, { x: -330, y: -200 });
  await drag(page, { x: -330, y: -200 });
  await drag(page, { x: 330, y: 200 });
  await drag(page, { x: 330, y: 200 });
  expect(Buffer.compare(await scene.screenshot(), moved)).toBe(0);
});
