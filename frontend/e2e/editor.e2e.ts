import type { Page } from "playwright-core";
import { expect } from "vitest";
import { openProject, picture, scenario, WITHIN_MS, type Stage } from "./support/scenario.ts";
import { goToLine, nodeCalled, openCode, press, repeatUntil, runAll, saved, serversReady, suggest, waitForStatus } from "./support/workbench.ts";

const FRAME = "import pandas as pd\n\n\ndef main():\n    table = pd.DataFrame({'a': [1, 2]})\n    return table\n";

scenario("a method of pandas is completed", async (stage) => {
  const { page } = await stage.open("Completion", { nodes: [{ id: "frame", title: "Frame", code: FRAME }] });
  await openCode(page, "Frame");
  await serversReady(page);
  await goToLine(page, 6);
  await page.keyboard.type(".drop_dup");
  const method = page.locator(".suggest-widget .monaco-list-row").filter({ hasText: "drop_duplicates" });
  await repeatUntil(method, () => suggest(page));
  await picture(page, "editor-completion-dark");
  await page.keyboard.press("Enter");
  await page.locator(".view-line").filter({ hasText: "drop_duplicates" }).waitFor();
});

scenario("an error of types is shown, mended and gone", async (stage) => {
  const { page } = await stage.open("Types", {
    nodes: [{ id: "typed", title: "Typed", code: "def main() -> int:\n    count: int = 'three'\n    return count\n" }],
  });
  await openCode(page, "Typed");
  await page.locator('[data-problems="1"]').click();
  const problem = page.getByRole("button", { name: /is not assignable/ });
  await problem.waitFor();
  await problem.click();
  await page.keyboard.press("End");
  await press(page, "Backspace", "'three'".length);
  await page.keyboard.type("3");
  await page.locator('[data-problems="0"]').waitFor();
  await page.getByText("No problems.").waitFor();
  // What ruff finds it mends, too.
  await goToLine(page, 1);
  await page.keyboard.press("Home");
  await page.keyboard.insertText("import os\n");
  await page.keyboard.press("ArrowUp");
  // On the name: at the line's start only what ruff says of the whole block is offered, once it has said that.
  await page.keyboard.press("End");
  const fix = page.locator(".action-widget .monaco-list-row").filter({ hasText: "Remove unused import" });
  await repeatUntil(fix, async () => {
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+.");
  });
  await fix.click();
  await page.locator(".view-line").filter({ hasText: "import os" }).waitFor({ state: "detached" });
  await page.getByText("No problems.").waitFor();
  await saved(page);
});

/** Stands between the page and its Python server, and holds the server's answers to one method back. */
async function holdAnswers(page: Page, method: string) {
  const told: string[] = [];
  const answers: (() => void)[] = [];
  const asked = new Set<string>();
  const idOf = (message: string) => /"id":(\d+)/.exec(message)?.[1] ?? "";
  await page.routeWebSocket(/\/api\/lsp\/pyright/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((data) => {
      const message = String(data);
      told.push(message);
      if (message.includes(`"${method}"`)) asked.add(idOf(message));
      server.send(data);
    });
    server.onMessage((data) => {
      const message = String(data);
      if (!message.includes('"method"') && asked.delete(idOf(message))) answers.push(() => socket.send(data));
      else socket.send(data);
    });
  });
  return {
    /** Waits for the next answer; calling what this resolves to lets it through. */
    held: async () => {
      await expect.poll(() => answers.length, { timeout: WITHIN_MS }).toBeGreaterThan(0);
      return () => answers.shift()?.();
    },
    /** Waits until the page has told the server of a text with these words. */
    told: (words: string) => expect.poll(() => told.some((message) => message.includes(words)), { timeout: WITHIN_MS }).toBe(true),
  };
}

scenario("a name is changed in every node that uses it", async (stage) => {
  const id = await stage.project("Renaming");
  await stage.write(id, "shapes.py", "def area(side: float) -> float:\n    return side * side\n");
  await stage.draw(id, {
    nodes: [
      { id: "first", title: "First", code: "from shapes import area\n\n\ndef main():\n    return area(2)\n" },
      { id: "second", title: "Second", code: "from shapes import area\n\n\ndef main():\n    return area(3)\n" },
    ],
  });
  const page = await stage.page();
  const server = await holdAnswers(page, "textDocument/rename");
  await openProject(page, id);
  await openCode(page, "Second");
  await openCode(page, "First");
  await serversReady(page);
  await goToLine(page, 5);
  await press(page, "ArrowLeft", "(2)".length);
  const box = page.locator(".rename-box input, .rename-input").first();
  const rename = async () => {
    await repeatUntil(box, () => page.keyboard.press("F2"));
    await box.fill("surface");
    await page.keyboard.press("Enter");
  };
  await rename();
  // While the answer is on its way, somebody else changes one of the files: none is touched.
  const release = await server.held();
  await stage.write(id, "nodes/second.py", "from shapes import area\n\n\ndef main():\n    print('theirs')\n    return area(3)\n");
  await server.told("theirs");
  release();
  await page.getByRole("status").filter({ hasText: "nodes/second.py has changed since the language server was asked, so nothing was changed." }).waitFor();
  await page.locator(".view-line").filter({ hasText: "return area(2)" }).waitFor();
  expect(await stage.read(id, "shapes.py")).toContain("def area(");
  await goToLine(page, 5);
  await press(page, "ArrowLeft", "(2)".length);
  await rename();
  (await server.held())();
  await page.locator(".view-line").filter({ hasText: "return surface(2)" }).waitFor();
  // One undo takes it back in all files, one redo makes it again.
  const shapes = (words: string) => expect.poll(() => stage.read(id, "shapes.py"), { timeout: WITHIN_MS }).toContain(words);
  await shapes("def surface(");
  await page.keyboard.press("Control+z");
  await page.getByText("The rename is taken back in 2 other files too.").waitFor();
  await page.locator(".view-line").filter({ hasText: "return area(2)" }).waitFor();
  await shapes("def area(");
  await page.keyboard.press("Control+Shift+z");
  await page.getByText("The rename is made again in 2 other files too.").waitFor();
  await shapes("def surface(");
  await openCode(page, "Second");
  await page.locator(".view-line").filter({ hasText: "return surface(3)" }).waitFor();
  await saved(page);
  await runAll(page);
  await nodeCalled(page, "Second").getByText("int  9").waitFor();
});

scenario("an error leads to its line", async (stage) => {
  const { page } = await stage.open("Failing", {
    nodes: [{ id: "bad", title: "Bad", code: "def share(parts):\n    return 1 / parts\n\n\ndef main():\n    return share(0)\n" }],
  });
  await runAll(page);
  await waitForStatus(page, "Bad", "failed");
  await nodeCalled(page, "Bad").click();
  await page.getByRole("alert").getByText("ZeroDivisionError").waitFor();
  await picture(page, "error-dark");
  await page.getByRole("button", { name: /line 2/ }).click();
  await page.getByText("Line 2,").waitFor();
  await page.locator(".view-line").filter({ hasText: "1 / parts" }).waitFor();
});

/** A file that is open and changed here, when somebody else is faster to save it. */
async function overtaken(stage: Stage): Promise<{ page: Page; id: string }> {
  const { page, id } = await stage.open("Conflict");
  await stage.write(id, "notes.txt", "one\n");
  await page.getByRole("tab", { name: "Files" }).click();
  await page.locator('[data-path="notes.txt"]').dblclick();
  await page.locator(".view-line").filter({ hasText: "one" }).waitFor();
  const changed = page.waitForRequest((request) => request.method() === "PUT" && request.url().includes("notes.txt"));
  let faster = false;
  await page.route("**/files/content?*", async (route) => {
    // Somebody else is faster, once, by the time that this page's text is on its way.
    if (route.request().method() === "PUT" && !faster) {
      faster = true;
      await stage.write(id, "notes.txt", "theirs\n");
    }
    await route.continue();
  });
  await goToLine(page, 1);
  // At once: text that is typed slowly could be saved, and found overtaken, in the middle of it.
  await page.keyboard.insertText(" mine");
  await changed;
  await page.locator('[data-save="conflict"]').first().waitFor();
  // Both texts are there to be compared.
  const view = page.getByRole("region", { name: "Two versions of this file" });
  for (const text of ["theirs", "one mine"]) await view.locator(".view-line").filter({ hasText: text, visible: true }).first().waitFor();
  return { page, id };
}

scenario("what changed elsewhere is never overwritten in silence", async (stage) => {
  const { page, id } = await overtaken(stage);
  await picture(page, "conflict-dark");
  expect(await stage.read(id, "notes.txt")).toBe("theirs\n");
  // Whoever was typing goes on in their own text, and with it when the choice is made.
  await page.locator("[data-conflict] :focus").waitFor({ state: "attached" });
  await page.keyboard.insertText(", still");
  await page.getByRole("button", { name: "Keep mine" }).click();
  await page.locator('[aria-label^="Text of notes.txt"]:focus').waitFor({ state: "attached" });
  await saved(page);
  expect(await stage.read(id, "notes.txt")).toBe("one mine, still\n");
});

scenario("of two texts, the other one is taken, and work goes on from it", async (stage) => {
  const { page, id } = await overtaken(stage);
  await page.getByRole("button", { name: "Take the other one" }).click();
  await page.locator("[data-conflict]").waitFor({ state: "detached" });
  await page.locator("[data-scope=editor] .view-line").filter({ hasText: "theirs" }).waitFor();
  expect(await stage.read(id, "notes.txt")).toBe("theirs\n");
  await goToLine(page, 1);
  await page.keyboard.type(" and mine");
  await expect.poll(() => stage.read(id, "notes.txt"), { timeout: WITHIN_MS }).toBe("theirs and mine\n");
});

scenario("ports follow a source that was saved elsewhere", async (stage) => {
  const { page, id } = await stage.open("Elsewhere", { nodes: [{ id: "one", title: "One", code: "def main(first):\n    return first\n" }] });
  await nodeCalled(page, "One").getByText("first").waitFor();
  await stage.write(id, "nodes/one.py", "def main(second, third):\n    return second\n");
  await nodeCalled(page, "One").getByText("third").waitFor();
  await nodeCalled(page, "One").getByText("first").waitFor({ state: "detached" });
});

scenario("more texts are open than there is room for their tabs", async (stage) => {
  const id = await stage.project("Tabs");
  const names = Array.from({ length: 12 }, (_, at) => `text_${String(at).padStart(2, "0")}.txt`);
  for (const name of names) await stage.write(id, name, `${name}\n`);
  const page = await stage.page();
  await openProject(page, id);
  await page.getByRole("tab", { name: "Files" }).click();
  for (const name of names) await page.locator(`[data-path="${name}"]`).click();
  /** The tab is in front, and no part of it is cut off. */
  const inView = async (name: string) => {
    const tab = page.getByRole("tab", { name, selected: true });
    await tab.waitFor();
    const list = page.getByRole("tablist", { name: "Open files" });
    await expect
      .poll(async () => {
        const [inner, outer] = await Promise.all([tab.boundingBox(), list.boundingBox()]);
        return inner !== null && outer !== null && inner.x >= outer.x - 1 && inner.x + inner.width <= outer.x + outer.width + 1;
      }, { timeout: WITHIN_MS })
      .toBe(true);
  };
  await inView("text_11.txt");
  await page.getByRole("button", { name: "All open files" }).click();
  await page.getByRole("menuitem", { name: "text_01.txt" }).click();
  await inView("text_01.txt");
  await page.locator('[aria-label^="Text of text_01.txt"]:focus').waitFor({ state: "attached" });
  await press(page, "Alt+PageUp", 2);
  await inView("text_11.txt");
});
