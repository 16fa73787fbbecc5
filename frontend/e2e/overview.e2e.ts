import { expect } from "vitest";
import type { Page } from "playwright-core";
import { picture, scenario, WITHIN_MS } from "./support/scenario.ts";
import { goToNode, nodeCalled } from "./support/workbench.ts";

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

/** What of the canvas lies at a point of the page: a wire, by the nodes that it joins. */
function wireAt(page: Page, x: number, y: number): Promise<string | null> {
  return page.evaluate(([left, top]) => document.elementFromPoint(left, top)?.closest(".react-flow__edge")?.ariaLabel ?? null, [x, y] as const);
}

scenario("of a large flow seen near, what lies far away is wired, stays selected, is found and is copied", async (stage) => {
  const across = 20;
  const grid = Array.from({ length: 300 }, (_, index) => ({
    id: `n${String(index)}`,
    title: `Step ${String(index)}`,
    kind: "input" as const,
    x: (index % across) * 300,
    y: Math.floor(index / across) * 180,
  }));
  // Far beyond both sides, and between two rows.
  const ends = [
    { id: "west", title: "West", kind: "input" as const, x: -3000, y: 1370 },
    { id: "east", title: "East", kind: "result" as const, x: 9000, y: 1370 },
  ];
  const { page } = await stage.open("Far away", { nodes: [...grid, ...ends], edges: [["west", "east"]] });
  await goToNode(page, "Step 149");
  // The viewport may still be on its way to the node.
  const below = async () => {
    const box = await nodeCalled(page, "Step 149").boundingBox();
    return box === null ? null : wireAt(page, box.x + box.width / 2, box.y + (1370 + 19 - 1260) * (box.height / 82));
  };
  await expect.poll(below, { timeout: WITHIN_MS }).toBe("Connection from West to East");
  expect(await nodeCalled(page, "West").or(nodeCalled(page, "East")).count()).toBe(0);
  await picture(page, "far-wire");

  // While it is dragged, and only then, the flow is moved as a picture.
  const layer = () => page.locator(".react-flow__viewport").evaluate((element) => getComputedStyle(element).willChange);
  await page.mouse.move(640, 300);
  await page.mouse.down({ button: "middle" });
  await page.mouse.move(600, 280, { steps: 3 });
  await expect.poll(layer, { timeout: WITHIN_MS }).toBe("transform");
  await page.mouse.up({ button: "middle" });
  await expect.poll(layer, { timeout: WITHIN_MS }).toBe("auto");

  // Its node far away, a selection is the same: its settings are shown, and it is what keys are about.
  for (let times = 0; times < 8; times += 1) await drag(page, { x: -330, y: 0 });
  await nodeCalled(page, "Step 149").waitFor({ state: "detached" });
  await expect(page.getByRole("textbox", { name: "Title" }).inputValue()).resolves.toBe("Step 149");
  await page.keyboard.press("Control+0");
  await page.keyboard.press("f");
  await nodeCalled(page, "Step 149").locator(".node-selected").waitFor();

  // Neighbours by key, and all others by the outline.
  await page.keyboard.press("Alt+ArrowRight");
  await nodeCalled(page, "Step 150").locator(".node-selected").waitFor();
  await page.getByRole("tab", { name: "Outline" }).click();
  await page.getByRole("searchbox", { name: "Search the outline" }).fill("East");
  await page.getByRole("list", { name: "Outline" }).getByRole("button", { name: /^East/ }).click();
  await nodeCalled(page, "East").locator(".node-selected").waitFor();
  await page.keyboard.press("Control+0");
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Control+c");
  await page.getByText("302 copied.").waitFor({ state: "attached" });
});
