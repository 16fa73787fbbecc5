import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { openProject, picture, scenario, WITHIN_MS } from "./support/scenario.ts";
import { goToLine, nodeCalled, openCode, runAll, waitForStatus } from "./support/workbench.ts";

async function middleOf(locator: Locator): Promise<{ x: number; y: number }> {
  const box = await locator.boundingBox();
  if (box === null) throw new Error("It is out of sight.");
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** The middle of the wire between two nodes, on the canvas. */
async function wireBetween(page: Page, from: string, to: string): Promise<{ x: number; y: number }> {
  const pane = await page.locator(".react-flow__pane").boundingBox();
  const start = await middleOf(nodeCalled(page, from).locator(".react-flow__handle.source"));
  const end = await middleOf(nodeCalled(page, to).locator(".react-flow__handle.target"));
  return { x: (start.x + end.x) / 2 - (pane?.x ?? 0), y: (start.y + end.y) / 2 - (pane?.y ?? 0) };
}

function wires(page: Page): Locator {
  return page.locator(".react-flow__edge");
}

scenario("nodes are dropped on wires, folded into a group, and copied to another project", async (stage) => {
  const { page, id } = await stage.open("Wires", {
    nodes: [
      { id: "first", title: "First", code: "def main():\n    return 20\n" },
      { id: "last", title: "Last", code: "def main(number: int):\n    return number + 1\n", x: 700 },
    ],
    edges: [["first", "last:number"]],
  });
  const pane = page.locator(".react-flow__pane");
  await page.getByRole("button", { name: /^Function Takes/ }).dragTo(pane, { targetPosition: await wireBetween(page, "First", "Last") });
  await nodeCalled(page, "Function").waitFor();
  await wires(page).nth(1).waitFor({ state: "attached" });
  await runAll(page);
  await nodeCalled(page, "Last").getByText("int  21").waitFor();

  // Folded, the group takes the wires that leave it, and tells how its nodes fared.
  await page.keyboard.press("Control+0");
  await nodeCalled(page, "First").click();
  await nodeCalled(page, "Function").click({ modifiers: ["Control"] });
  await page.keyboard.press("Control+g");
  await page.keyboard.press("g");
  const group = nodeCalled(page, "Group");
  await group.getByText("2 nodes").waitFor();
  await nodeCalled(page, "First").waitFor({ state: "detached" });
  expect(await wires(page).count()).toBe(1);
  await group.locator('[data-status="succeeded"]').waitFor();
  await picture(page, "group-folded");
  await expect.poll(() => stage.read(id, "flow.json"), { timeout: WITHIN_MS }).toContain('"collapsed"');
  await openProject(page, id);
  await group.getByText("2 nodes").waitFor();
  await group.getByRole("button", { name: "Expand" }).click();
  await nodeCalled(page, "First").waitFor();
  await page.keyboard.press("Control+0");
  await page.keyboard.press("Shift+G");
  await nodeCalled(page, "First").waitFor({ state: "detached" });
  await page.keyboard.press("Alt+g");
  await nodeCalled(page, "First").waitFor();
  await page.keyboard.press("Control+z");
  await nodeCalled(page, "First").waitFor({ state: "detached" });

  // What is copied is text, and holds what lies in the group.
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Control+c");
  await page.getByText(/^\d+ copied\.$/).waitFor({ state: "attached" });
  const other = await stage.project("Copied to");
  await openProject(page, other);
  // Once, at once, and without a permission to read the clipboard.
  await page.keyboard.press("Control+v");
  await nodeCalled(page, "Group").getByText("2 nodes").waitFor();
  await page.keyboard.press("Control+0");
  await page.keyboard.press("Shift+F");
  await nodeCalled(page, "Last").waitFor();
  await runAll(page);
  await nodeCalled(page, "Last").getByText("int  21").waitFor();
});

scenario("nodes are cut in one tab and pasted into the project of another", async (stage) => {
  const { page: one } = await stage.open("Cut from", {
    nodes: [
      { id: "first", title: "First", code: "def main():\n    return 'came along'\n" },
      { id: "last", title: "Last", kind: "result", x: 340 },
    ],
    edges: [["first", "last"]],
  });
  const two = await one.context().newPage();
  await openProject(two, await stage.project("Pasted into"));
  await one.bringToFront();
  await one.keyboard.press("Control+0");
  await one.keyboard.press("Control+a");
  await one.keyboard.press("Control+x");
  await nodeCalled(one, "First").waitFor({ state: "detached" });
  await two.bringToFront();
  await two.keyboard.press("Control+0");
  await two.keyboard.press("Control+v");
  await nodeCalled(two, "Last").waitFor();
  await wires(two).waitFor({ state: "attached" });
  await runAll(two);
  await nodeCalled(two, "Last").getByText("came along").waitFor();
  // Text that holds no nodes stays out of the flow, and that is said.
  await two.evaluate(() => navigator.clipboard.writeText("words"));
  await two.keyboard.press("Control+0");
  await two.keyboard.press("Control+v");
  await two.getByText("The clipboard holds no copied nodes.").waitFor();
  expect(await two.locator(".react-flow__node").count()).toBe(2);
  await one.bringToFront();
  await one.keyboard.press("Control+0");
  await one.keyboard.press("Control+z");
  await nodeCalled(one, "First").waitFor();
});

scenario("a signature that is typed becomes ports, a run takes what is typed, and is kept in the history", async (stage) => {
  const { page, id } = await stage.open("Typing", {
    nodes: [
      { id: "sum", title: "Sum", code: "def main():\n    return left + right\n" },
      { id: "other", title: "Other", code: "def main():\n    return 0\n", y: 240 },
    ],
  });
  await openCode(page, "Sum");
  await goToLine(page, 1);
  const reads: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "GET" && request.url().endsWith(`/api/project/${id}`)) reads.push(request.url());
  });
  await page.keyboard.press("Shift+Home");
  await page.keyboard.insertText("def main(left: int = 1, right: float = 2):");
  await nodeCalled(page, "Sum").getByText("left").waitFor();
  await nodeCalled(page, "Sum").getByText("float", { exact: true }).waitFor();
  await goToLine(page, 2);
  await page.keyboard.insertText(" +");
  await nodeCalled(page, "Sum").getByText("invalid syntax").waitFor();
  // What is half typed can be read by nobody, and takes neither ports nor wires away.
  expect(await nodeCalled(page, "Sum").getByText("left").isVisible()).toBe(true);
  await page.keyboard.insertText(" 40");
  // At once: what is typed is saved before it runs.
  await page.keyboard.press("Control+Enter");
  await nodeCalled(page, "Sum").getByText("int  43").waitFor();
  // The ports came with the answers to what was saved.
  expect(reads).toEqual([]);

  await openCode(page, "Other");
  await page.getByRole("button", { name: "Split the editor" }).click();
  await page.locator("[data-scope=editor] .monaco-editor").nth(1).waitFor();
  await page.getByRole("button", { name: "Close the second editor" }).click();

  await page.keyboard.press("Control+`");
  await page.getByRole("tab", { name: "Runs" }).click();
  const timeline = page.getByRole("list", { name: "Timeline" });
  await timeline.getByRole("button", { name: "Sum" }).click();
  await timeline.getByRole("button", { name: "Sum", pressed: true }).waitFor();
  await page.getByText("int  43").first().waitFor();
});

scenario("everything is told in Korean too", async (stage) => {
  await stage.project("언어", { nodes: [{ id: "one", title: "하나", code: "def main():\n    return '둘'\n" }] });
  const page = await stage.page();
  await page.getByRole("button", { name: "Appearance" }).click();
  await page.getByRole("menuitem", { name: "한국어" }).click();
  await page.getByRole("button", { name: "새 프로젝트" }).waitFor();
  await page.getByRole("link", { name: "언어" }).click();
  await page.getByRole("button", { name: "모두 실행", exact: true }).click();
  await waitForStatus(page, "하나", "succeeded");
  await nodeCalled(page, "하나").click();
  // The editor's own menu too, in the colours of the theme.
  await nodeCalled(page, "하나").dblclick();
  await page.locator("[data-scope=editor] .view-line").first().click({ button: "right" });
  const entry = page.locator(".monaco-menu .action-label").filter({ hasText: "정의로 이동" });
  await entry.waitFor();
  // Black is what a text has whose colour is not known.
  expect(await entry.evaluate((element) => getComputedStyle(element).color)).not.toBe("rgb(0, 0, 0)");
  await picture(page, "korean");
  await page.keyboard.press("Escape");
  const shown = await page.locator("body").innerText();
  // A key that is shown as it is would be a text that is missing.
  expect(shown.match(/\b(app|flow|runs|editor|files|packages|projects|statusbar|terminal)\.[a-zA-Z]+\b/g) ?? []).toEqual([]);
  expect(shown).not.toMatch(/\{\w+\}/);
});

scenario("nodes are copied where the browser keeps its clipboard from pages of plain http", async (stage) => {
  const nodes = [
    { id: "first", title: "First", code: "def main():\n    return 'came along'\n" },
    { id: "last", title: "Last", kind: "result" as const, x: 340 },
  ];
  const { page } = await stage.open("Plain", { nodes, edges: [["first", "last"]] });
  await page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, "clipboard"));
  await page.reload();
  await nodeCalled(page, "First").waitFor();
  expect(await page.evaluate(() => "clipboard" in navigator)).toBe(false);
  await page.keyboard.press("Control+0");
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Control+c");
  await page.keyboard.press("Control+v");
  await page.locator(".react-flow__node").nth(3).waitFor();
  // It was the browser's clipboard: another project has it too.
  const other = await page.context().newPage();
  await openProject(other, await stage.project("Plain too"));
  await other.keyboard.press("Control+0");
  await other.keyboard.press("Control+v");
  await nodeCalled(other, "Last").waitFor();
  await wires(other).waitFor({ state: "attached" });
});

/** Hold a finger on something. */
async function longPress(page: Page, on: Locator): Promise<void> {
  const at = await middleOf(on);
  const touch = await page.context().newCDPSession(page);
  await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [at] });
  await page.getByRole("menu").waitFor();
  await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
}

scenario("a flow is built, run and taken apart by touch on a tablet", async (stage) => {
  const nodes = [
    { id: "words", title: "Words", kind: "input" as const, settings: { input: "text", value: "abc" } },
    { id: "shown", title: "Shown", kind: "result" as const, x: 300, y: 200 },
  ];
  const { page } = await stage.open("By touch", { nodes }, { tablet: true });
  await nodeCalled(page, "Words").locator(".react-flow__handle.source").tap();
  await nodeCalled(page, "Shown").locator(".react-flow__handle.target").tap();
  await wires(page).waitFor({ state: "attached" });
  await page.getByRole("button", { name: "Run all", exact: true }).tap();
  await nodeCalled(page, "Shown").getByText("abc").waitFor();
  await page.getByRole("button", { name: "Show or hide the left panel" }).tap();
  await page.getByRole("button", { name: /^Function Takes/ }).tap();
  await nodeCalled(page, "Function").locator(".node-selected").waitFor();
  await page.getByRole("tab", { name: "Files" }).tap();
  const file = page.getByRole("treeitem", { name: "flow.json" });
  await file.waitFor();
  expect((await file.boundingBox())?.height).toBeGreaterThan(38);
  await page.getByRole("button", { name: "Show or hide the left panel" }).tap();
  // What is pressed is what the menu is about, not what was selected before.
  await longPress(page, nodeCalled(page, "Words").getByText("Words"));
  await picture(page, "tablet-menu");
  await page.getByRole("menuitem", { name: /^Delete/ }).tap();
  await nodeCalled(page, "Words").waitFor({ state: "detached" });
  expect(await nodeCalled(page, "Function").count()).toBe(1);
});
