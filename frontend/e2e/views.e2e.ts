import { expect } from "vitest";
import { check } from "./support/everyone.ts";
import { openProject, scenario } from "./support/scenario.ts";
import { nodeCalled, openCode, openTerminal, runAll, screenShows, serversReady, typeCommand, waitForStatus } from "./support/workbench.ts";

scenario("the list of projects is for everyone", async (stage) => {
  const names = ["Penguins", "Prices and rates", "Sensor drift"];
  await Promise.all(names.map((name) => stage.project(name, undefined, name === "Penguins" ? "welcome" : "empty")));
  const page = await stage.page();
  // This is the picture of the guide: with sandboxes as people mostly find them.
  for (const name of names) await page.getByRole("listitem").filter({ hasText: name }).getByText("Running").waitFor();
  await check(page, "projects");
  await page.getByRole("button", { name: "New project" }).click();
  await page.getByRole("radio", { name: /Welcome/ }).check();
  await check(page, "new-project");
});

scenario("every view of a project is for everyone", async (stage) => {
  const id = await stage.project("Penguins", undefined, "welcome");
  const page = await stage.page();
  // Room for the whole flow: these are the pictures of the guide.
  await page.setViewportSize({ width: 1440, height: 810 });
  await openProject(page, id);
  await page.locator('[data-venv="completed"]').waitFor();
  await runAll(page);
  await waitForStatus(page, "Picture", "succeeded");
  await nodeCalled(page, "Picture").getByRole("img", { name: "Image" }).waitFor();
  await nodeCalled(page, "Table").getByRole("columnheader", { name: /Species/ }).waitFor();
  await page.getByRole("button", { name: "Show or hide the left panel" }).click();
  await page.keyboard.press("Control+0");
  await page.keyboard.press("Shift+F");
  await nodeCalled(page, "Join").click();
  await page.getByRole("tab", { name: "Output" }).waitFor();
  await check(page, "flow");

  await page.getByRole("button", { name: "Show or hide the left panel" }).click();
  await page.getByRole("tab", { name: "Outline" }).click();
  await page.getByRole("list", { name: "Outline" }).getByText("Summary").waitFor();
  await page.getByRole("button", { name: "Show or hide terminal" }).click();
  await page.getByRole("tab", { name: "Runs" }).click();
  await page.getByRole("list", { name: "Timeline" }).waitFor();
  await check(page, "runs");
  await page.getByRole("tab", { name: "Packages" }).click();
  await page.locator('[data-package="pandas"]').waitFor();
  await check(page, "packages");

  await page.getByRole("tab", { name: "Files" }).click();
  await page.locator('[data-path="requirements.txt"]').waitFor();
  await openCode(page, "Chart");
  await serversReady(page);
  await page.getByRole("button", { name: "Show or hide details" }).click();
  await page.getByRole("tab", { name: "Problems" }).click();
  await check(page, "editor");

  await page.getByRole("tab", { name: "Terminal", exact: true }).click();
  await page.locator('[data-terminal][data-status="attached"]').waitFor();
  await screenShows(page, /[$#] ?$/m);
  await typeCommand(page, "clear; ls --color -l data nodes && python --version");
  await screenShows(page, /Python 3/);
  await check(page, "terminal");

  await page.keyboard.press("Control+Shift+P");
  await page.getByRole("combobox", { name: "Command palette" }).waitFor();
  await check(page, "commands");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+0");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard map" }).waitFor();
  await check(page, "keys");
});

scenario("at 1280 × 720 nothing is cut off, and a tablet can use it", async (stage) => {
  const { page } = await stage.open("Small", { nodes: [{ id: "one", title: "One", code: "def main():\n    return 1\n" }] });
  await openCode(page, "One");
  await openTerminal(page);
  for (const size of [{ width: 1280, height: 720 }, { width: 1024, height: 768 }]) {
    await page.setViewportSize(size);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(over).toBeLessThanOrEqual(0);
    await page.getByRole("button", { name: "Run all", exact: true }).click({ trial: true });
    await page.locator("[data-scope=canvas] .react-flow__pane").waitFor();
    await page.locator("[data-scope=editor] .view-line").first().waitFor();
    await page.locator("[data-terminal] .xterm").waitFor();
  }
  // Held upright: what opens takes the room of what was there.
  await page.setViewportSize({ width: 768, height: 1024 });
  const status = page.getByRole("group", { name: "Status" });
  expect(await status.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBeLessThanOrEqual(0);
  await page.getByRole("button", { name: "Show or hide editor" }).click();
  await page.getByRole("tab", { name: "Files" }).click();
  await page.locator('[data-path="requirements.txt"]').click();
  await page.getByRole("tab", { name: "requirements.txt", selected: true }).click({ trial: true });
});
