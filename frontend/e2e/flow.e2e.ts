import { expect } from "vitest";
import { openProject, picture, scenario } from "./support/scenario.ts";
import { nodeCalled, runAll, waitForStatus } from "./support/workbench.ts";

scenario("first start to first result", async (stage) => {
  const page = await stage.page();
  await page.getByRole("button", { name: "New project" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("First steps");
  await page.getByRole("radio", { name: /Welcome/ }).check();
  await page.getByRole("button", { name: "Create and open" }).click();
  await page.locator("[data-scope=canvas]").waitFor();
  stage.adopt(page);
  await runAll(page);
  await waitForStatus(page, "Table", "succeeded");
  await nodeCalled(page, "Table").getByRole("columnheader", { name: /Species/ }).waitFor();
  await nodeCalled(page, "Picture").getByRole("img", { name: "Image" }).waitFor();
});

scenario("a flow is built by mouse", async (stage) => {
  const { page, id } = await stage.open("By mouse");
  const reads: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "GET" && request.url().endsWith(`/api/project/${id}`)) reads.push(request.url());
  });
  const canvas = page.locator(".react-flow__pane");
  await page.getByRole("button", { name: /^Text/ }).dragTo(canvas, { targetPosition: { x: 130, y: 160 } });
  await nodeCalled(page, "Text").getByRole("textbox").fill("abc");
  await page.keyboard.press("Enter");
  await canvas.dblclick({ position: { x: 420, y: 420 } });
  await page.getByRole("combobox", { name: "Add a node" }).fill("function");
  await page.getByRole("option", { name: /^Function Takes/ }).click();
  // From the text's port to the function's.
  const from = nodeCalled(page, "Text").locator(".react-flow__handle.source");
  const to = nodeCalled(page, "Function").locator(".react-flow__handle.target");
  await from.dragTo(to);
  // A wire that ends on empty space asks for the node to add there.
  const out = nodeCalled(page, "Function").locator(".react-flow__handle.source");
  await out.dragTo(canvas, { targetPosition: { x: 520, y: 120 } });
  await page.getByRole("combobox", { name: "Add a node" }).fill("result");
  await page.keyboard.press("Enter");
  await page.locator(".react-flow__edge").nth(1).waitFor({ state: "attached" });
  await runAll(page);
  await waitForStatus(page, "Result", "succeeded");
  await nodeCalled(page, "Result").getByText("abc").waitFor();
  expect(await page.locator(".react-flow__edge").count()).toBe(2);
  // However often an item is pressed, no node lies on another, nor out of sight; a double click is one wish.
  const number = page.getByRole("button", { name: /^Number/ });
  await number.click();
  await number.click();
  await number.dblclick();
  await nodeCalled(page, "Number 3").waitFor();
  const boxes = await Promise.all((await page.locator(".react-flow__node").all()).map((node) => node.boundingBox()));
  const seen = boxes.filter((box) => box !== null);
  expect(seen).toHaveLength(6);
  for (const [index, a] of seen.entries())
    for (const b of seen.slice(index + 1))
      expect(a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y).toBe(true);
  await picture(page, "built-by-mouse");
  // What the page saved itself it knows: not each of these steps has it read the project again.
  expect(reads.length).toBeLessThan(5);
});

scenario("a flow is built, run and taken apart by keyboard alone", async (stage) => {
  const { page } = await stage.open("By keys");
  const add = async (kind: string) => {
    await page.keyboard.press("/");
    await page.getByRole("combobox", { name: "Add a node" }).waitFor();
    await page.keyboard.type(kind);
    await page.keyboard.press("Enter");
  };
  await page.keyboard.press("Control+0");
  await add("function");
  await nodeCalled(page, "Function").waitFor();
  await add("result");
  await nodeCalled(page, "Result").waitFor();
  await page.keyboard.press("Alt+ArrowLeft");
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("Control+f");
  await page.getByRole("combobox", { name: "Find a node" }).fill("Function");
  await page.keyboard.press("Enter");
  await page.keyboard.press("c");
  await page.getByRole("combobox", { name: /^Connect/ }).waitFor();
  await page.keyboard.press("Enter");
  await page.locator(".react-flow__edge").waitFor({ state: "attached" });
  await page.keyboard.press("Control+Enter");
  await waitForStatus(page, "Result", "succeeded");
  await page.keyboard.press("Delete");
  await nodeCalled(page, "Function").waitFor({ state: "detached" });
  await page.keyboard.press("Control+z");
  await nodeCalled(page, "Function").waitFor();
  await page.locator(".react-flow__edge").waitFor({ state: "attached" });
});

scenario("a run is stopped, and another one is told from it", async (stage) => {
  const { page } = await stage.open("Stopping", {
    nodes: [{ id: "slow", title: "Slow", code: "import time\n\n\ndef main():\n    print('begun', flush=True)\n    time.sleep(600)\n" }],
  });
  await runAll(page);
  await nodeCalled(page, "Slow").getByText("begun").waitFor();
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await waitForStatus(page, "Slow", "cancelled");
  await page.getByRole("button", { name: "Run all", exact: true }).waitFor();
});

scenario("a page that is reloaded in the middle of a run goes on with it", async (stage) => {
  const code = "import pathlib, time\n\n\ndef main():\n    print('waiting', flush=True)\n    while not pathlib.Path('go').exists():\n        time.sleep(0.1)\n    return 'done at last'\n";
  const { page, id } = await stage.open("Reloading", {
    nodes: [
      { id: "wait", title: "Wait", code },
      { id: "end", title: "End", kind: "result" },
    ],
    edges: [["wait", "end"]],
  });
  await runAll(page);
  await nodeCalled(page, "Wait").getByText("waiting").waitFor();
  await openProject(page, id);
  await nodeCalled(page, "Wait").getByText("waiting").waitFor();
  await waitForStatus(page, "Wait", "running");
  await stage.write(id, "go", "");
  await nodeCalled(page, "End").getByText("done at last").waitFor();
});

scenario("two browsers see one project alike", async (stage) => {
  const { page, id } = await stage.open("Shared", { nodes: [{ id: "one", title: "One", code: "def main():\n    return 41 + 1\n" }] });
  const other = await stage.page({ theme: "light" });
  await openProject(other, id);
  await page.getByRole("button", { name: /^Note/ }).click();
  await nodeCalled(other, "Note").waitFor();
  await runAll(other);
  await waitForStatus(page, "One", "succeeded");
  await nodeCalled(page, "One").getByText("42").waitFor();
  await picture(other, "two-browsers");
});
