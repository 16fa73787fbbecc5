import { buffer as bytesOf } from "node:stream/consumers";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { scenario, type Stage } from "./support/scenario.ts";
import { nodeCalled, runAll } from "./support/workbench.ts";
import { unzipped, zip } from "./support/zip.ts";

const ORIGINAL = {
  project_name: "From before",
  nodes: [
    { id: "1700000000001", type: "textInput", position: { x: 0, y: 0 }, data: { title: "Greeting", value: "hello" } },
    { id: "1700000000002", type: "custom", position: { x: 320, y: 0 }, data: { title: "Shout", file: "1700000000002_Shout.py" } },
    { id: "1700000000003", type: "result", position: { x: 640, y: 0 }, data: { title: "Shown" } },
  ],
  edges: [
    { id: "a", source: "1700000000001", target: "1700000000002" },
    { id: "b", source: "1700000000002", target: "1700000000003" },
  ],
};

scenario("a project of the original system is imported and runs", async (stage) => {
  const page = await stage.page();
  const buffer = zip({
    "structure.json": JSON.stringify(ORIGINAL),
    "1700000000002_Shout.py": "def main(input_data):\n    return f'{input_data}!'.upper()\n",
  });
  await page.getByLabel("A zip of a project, also of the original system").setInputFiles({ name: "before.zip", mimeType: "application/zip", buffer });
  await page.locator("[data-scope=canvas]").waitFor();
  stage.adopt(page);
  await runAll(page);
  await nodeCalled(page, "Shown").getByText("HELLO!").waitFor();
});

/** A new name, and the project of that name with a node that gives 42. */
async function answering(stage: Stage, what: string): Promise<{ name: string; id: string }> {
  const name = `${what} ${crypto.randomUUID().slice(0, 8)}`;
  const id = await stage.project(name, {
    nodes: [
      { id: "ask", title: "Ask", code: "def main():\n    return 'forty-two'\n" },
      { id: "shown", title: "Shown", kind: "result", x: 340 },
    ],
    edges: [["ask", "shown"]],
  });
  return { name, id };
}

async function choose(page: Page, name: string, action: string): Promise<void> {
  await page.getByRole("button", { name: `Actions for ${name}`, exact: true }).click();
  await page.getByRole("menuitem", { name: action }).click();
}

/** The project that is open gives what it should. */
async function answers(page: Page): Promise<void> {
  await runAll(page);
  await nodeCalled(page, "Shown").getByText("forty-two").waitFor();
}

scenario("a project is found, deleted and brought back as it was", async (stage) => {
  const { name } = await answering(stage, "List");
  const page = await stage.page();
  await page.getByRole("searchbox", { name: "Search projects" }).fill(name);
  const card = page.getByRole("link", { name });
  await card.waitFor();
  await choose(page, name, "Delete");
  await card.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Undo" }).click();
  await card.click();
  await answers(page);
});

scenario("a project is exported, and its zip is a project again", async (stage) => {
  const { name, id } = await answering(stage, "Export");
  await stage.write(id, "notes.txt", "kept\n");
  const page = await stage.page();
  await page.getByRole("link", { name }).waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), choose(page, name, "Export as zip")]);
  expect(download.suggestedFilename()).toMatch(/\.zip$/);
  const buffer = await bytesOf(await download.createReadStream());
  const files = unzipped(buffer);
  const ending = (path: string) => [...files].find(([found]) => found.endsWith(path))?.[1];
  expect(ending("nodes/ask.py")).toContain("forty-two");
  expect(ending("notes.txt")).toBe("kept\n");
  expect(ending("flow.json")).toContain('"Shown"');

  const again = { name: `Again ${name}.zip`, mimeType: "application/zip", buffer };
  await page.getByLabel("A zip of a project, also of the original system").setInputFiles(again);
  await page.locator("[data-scope=canvas]").waitFor();
  const imported = stage.adopt(page);
  expect(imported).not.toBe(id);
  expect(await stage.read(imported, "notes.txt")).toBe("kept\n");
  await answers(page);
});

scenario("a project is duplicated, and each goes its own way", async (stage) => {
  const { name, id } = await answering(stage, "Twin");
  await stage.write(id, "notes.txt", "both\n");
  const page = await stage.page();
  await page.getByRole("link", { name, exact: true }).waitFor();
  await choose(page, name, "Duplicate");
  await page.getByRole("link", { name: `${name} copy` }).click();
  await page.locator("[data-scope=canvas]").waitFor();
  const copy = stage.adopt(page);
  expect(copy).not.toBe(id);
  await stage.write(copy, "notes.txt", "the copy's\n");
  expect(await stage.read(id, "notes.txt")).toBe("both\n");
  await answers(page);
});
