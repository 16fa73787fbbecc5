import type { Locator, Page } from "playwright-core";
import { WITHIN_MS } from "./scenario.ts";

/** A node by its title, not by what it shows. */
export function nodeCalled(page: Page, title: string): Locator {
  return page.locator(`.react-flow__node[aria-label^="${title}, "]`);
}

export async function waitForStatus(page: Page, title: string, status: string): Promise<void> {
  await nodeCalled(page, title).locator(`[data-status="${status}"]`).waitFor();
}

export async function runAll(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Run all", exact: true }).click();
}

/** Go to a node by its title, from wherever the focus is; it is selected and in the middle of the canvas then. */
export async function goToNode(page: Page, title: string): Promise<void> {
  await page.keyboard.press("Control+0");
  await page.keyboard.press("Control+f");
  await page.getByRole("combobox", { name: "Find a node" }).fill(title);
  await page.keyboard.press("Enter");
  await nodeCalled(page, title).locator(".node-selected").waitFor();
}

/** Open the code of a node, and wait until it can be edited. */
export async function openCode(page: Page, title: string): Promise<void> {
  await goToNode(page, title);
  await page.keyboard.press("Enter");
  await page.getByRole("tab", { name: title, selected: true }).waitFor();
  await page.locator("[data-scope=editor] .monaco-editor .view-line").first().waitFor();
}

/** The language servers have answered for what is open. */
export async function serversReady(page: Page): Promise<void> {
  await page.locator('[data-servers="ready"]').waitFor();
}

/** Put the cursor at the end of a line of the editor, by keys alone. */
export async function goToLine(page: Page, line: number): Promise<void> {
  await page.locator("[data-scope=editor] .monaco-editor .view-lines").first().click();
  await page.keyboard.press("Control+Home");
  for (let down = 1; down < line; down += 1) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("End");
}

export async function saved(page: Page): Promise<void> {
  await page.locator('[data-save="saved"]').first().waitFor();
}

/** Open the terminal, and wait for its prompt. */
export async function openTerminal(page: Page): Promise<Locator> {
  await page.getByRole("button", { name: "Show or hide terminal" }).click();
  const terminal = page.locator('[data-terminal][data-status="attached"]').first();
  await terminal.waitFor();
  await screenShows(page, /[$#] ?$/m);
  return terminal;
}

/** Wait until the terminal's screen has a text. Blanks of the screen may be of the unbreakable kind. */
export async function screenShows(page: Page, pattern: RegExp): Promise<void> {
  await page.waitForFunction(
    ([source, flags]) => {
      const rows = [...document.querySelectorAll(".xterm-rows > div")].map((row) => row.textContent.replaceAll("\u00a0", " ").trimEnd());
      return new RegExp(source, flags).test(rows.join("\n"));
    },
    [pattern.source, pattern.flags] as const,
    { timeout: WITHIN_MS },
  );
}

export async function typeCommand(page: Page, command: string): Promise<void> {
  await page.locator(".xterm-helper-textarea").first().focus();
  await page.keyboard.type(command);
  await page.keyboard.press("Enter");
}

/** Do something until what it should lead to is there: for lists that a server fills in its own time. */
export async function repeatUntil(wanted: Locator, act: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + WITHIN_MS;
  for (;;) {
    await act();
    try {
      await wanted.waitFor({ timeout: 6_000 });
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

export async function press(page: Page, key: string, times: number): Promise<void> {
  for (let done = 0; done < times; done += 1) await page.keyboard.press(key);
}

/** Ask anew for completions: a list that is open would only be changed in its looks. */
export async function suggest(page: Page): Promise<void> {
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+Space");
}
