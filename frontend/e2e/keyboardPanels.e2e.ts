import type { Locator, Page } from "playwright-core";
import { expect, inject } from "vitest";
import { isFocused, press, tabTo, unseenFocus } from "./support/keys.ts";
import { openProject, scenario, WITHIN_MS } from "./support/scenario.ts";
import { goToNode, screenShows } from "./support/workbench.ts";

/** The focus comes to something, by itself or in a moment. */
async function comesTo(wanted: Locator): Promise<void> {
  await expect.poll(() => isFocused(wanted), { timeout: WITHIN_MS, message: `the focus is on ${wanted.toString()}` }).toBe(true);
}

/** Tab through all of the page: each thing once, each shows that it has the focus and has a name, and none keeps it. */
async function walk(page: Page): Promise<string[]> {
  const names: string[] = [];
  const seen = new Set<string>();
  for (;;) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === null || element === document.body) return null;
      element.toggleAttribute("data-walked", true);
      const label = element instanceof HTMLInputElement ? element.labels?.[0]?.textContent : undefined;
      return { name: element.getAttribute("aria-label") ?? label ?? element.textContent, all: String(document.querySelectorAll("[data-walked]").length) };
    });
    if (at === null) return names;
    expect(await unseenFocus(page), "has the focus, and does not show it").toBe("");
    expect(at.name.trim(), "has a name").not.toBe("");
    expect(seen.has(at.all), `Tab comes to ${at.name} again`).toBe(false);
    seen.add(at.all);
    names.push(at.name.trim());
  }
}

scenario("every panel of a project is worked in, and left, by keys alone", async (stage) => {
  const id = await stage.project("Panels", { nodes: [{ id: "one", title: "One", code: "def main():\n    return 1\n" }] });
  await stage.write(id, "a.txt", "a\n");
  await stage.write(id, "b.txt", "b\n");
  const page = await stage.page({ theme: "contrast" });
  await openProject(page, id);
  const canvas = page.locator("[data-scope=canvas]");
  const row = (path: string) => page.locator(`[data-path="${path}"]`);
  await page.locator('[data-venv="completed"]').waitFor();
  const names = await walk(page);
  expect(names).toEqual(expect.arrayContaining(["All projects", "Run all", "Nodes", "Size: Left panel", "Find a node", "All keys", "Sandbox ready"]));

  // From part to part.
  await page.keyboard.press("F6");
  await comesTo(page.getByRole("link", { name: "All projects" }));
  await page.keyboard.press("F6");
  await comesTo(page.getByRole("tab", { name: "Nodes" }));
  await page.keyboard.press("F6");
  await comesTo(canvas);

  // A list gives the focus back, and what was chosen takes it along.
  await page.keyboard.press("Control+Shift+P");
  await page.getByRole("combobox", { name: "Command palette" }).waitFor();
  await page.keyboard.press("Escape");
  await comesTo(canvas);
  await page.keyboard.press("Control+Shift+E");
  await comesTo(page.getByRole("tab", { name: "Files" }));

  // The tree: what is renamed or deleted does not take the focus along.
  await row("a.txt").waitFor();
  await tabTo(page, page.locator("[role=treeitem]"));
  await comesTo(row("nodes"));
  await page.keyboard.press("ArrowDown");
  await comesTo(row("a.txt"));
  await page.keyboard.press("F2");
  await comesTo(page.getByRole("textbox", { name: "Name", exact: true }));
  await page.keyboard.type("c");
  await page.keyboard.press("Enter");
  await comesTo(row("c.txt"));
  await page.keyboard.press("ArrowUp");
  await comesTo(row("b.txt"));
  await page.keyboard.press("Delete");
  await press(page, page.getByRole("dialog").getByRole("button", { name: "Delete" }));
  await row("b.txt").waitFor({ state: "detached" });
  await comesTo(row("c.txt"));

  // A text keeps Tab to itself: F6 leads out, and its last tab gives the focus back.
  await page.keyboard.press("Enter");
  await comesTo(page.getByRole("textbox", { name: "Text of c.txt" }));
  await page.keyboard.press("F6");
  await comesTo(page.getByRole("tab", { name: "c.txt" }));
  await page.keyboard.press("Delete");
  await comesTo(row("c.txt"));

  await goToNode(page, "One");
  await page.keyboard.press("Enter");
  await comesTo(page.getByRole("textbox", { name: "Text of One" }));
  await page.keyboard.press("Control+`");
  const terminal = page.getByRole("textbox", { name: /^Terminal / });
  await comesTo(terminal);
  await screenShows(page, /[$#] ?$/m);
  // A program that uses F6 gets it with Shift: the line shows the keys that it is given.
  await page.keyboard.type("cat\n");
  await page.keyboard.press("Shift+F6");
  await screenShows(page, /\^\[\[17~/);
  await page.keyboard.press("Control+c");
  await page.keyboard.press("F6");
  await comesTo(page.getByRole("tab", { name: "terminal 1" }));
  await page.keyboard.press("F2");
  await comesTo(page.getByRole("textbox", { name: "Name of the terminal" }));
  await page.keyboard.type("mine");
  await page.keyboard.press("Enter");
  await comesTo(page.getByRole("tab", { name: "mine" }));
  await page.keyboard.press("Enter");
  await comesTo(terminal);
  await page.keyboard.press("Control+`");
  await comesTo(page.getByRole("textbox", { name: "Text of One" }));
});

scenario("what is told for a moment is reached by key", async (stage) => {
  await stage.project("Undone");
  const page = await stage.page();
  await press(page, page.getByRole("button", { name: "Actions for Undone" }));
  await page.locator("[role=menu]:focus-within").waitFor();
  await tabTo(page, page.getByRole("menuitem", { name: "Delete" }), "ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByText("“Undone” was deleted.").waitFor();
  await page.getByRole("link", { name: "Undone" }).waitFor({ state: "detached" });
  await page.keyboard.press("F8");
  await comesTo(page.getByRole("button", { name: "Undo" }));
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "Undone" }).waitFor();
  expect(await page.evaluate(() => document.activeElement !== document.body)).toBe(true);
  expect(page.url()).toBe(`${inject("address")}/`);
});
