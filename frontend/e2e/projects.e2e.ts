import { scenario } from "./support/scenario.ts";
import { nodeCalled, runAll } from "./support/workbench.ts";
import { zip } from "./support/zip.ts";

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

scenario("a project is found, deleted and brought back", async (stage) => {
  const name = `List ${crypto.randomUUID().slice(0, 8)}`;
  await stage.project(name);
  const page = await stage.page();
  await page.getByRole("searchbox", { name: "Search projects" }).fill(name);
  const card = page.getByRole("link", { name });
  await card.waitFor();
  await page.getByRole("button", { name: `Actions for ${name}` }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await card.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Undo" }).click();
  await card.waitFor();
});
