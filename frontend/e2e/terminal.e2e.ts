import { picture, openProject, scenario } from "./support/scenario.ts";
import { goToLine, openCode, openTerminal, repeatUntil, screenShows, serversReady, suggest, typeCommand } from "./support/workbench.ts";

scenario("a package that the terminal installs is completed", async (stage) => {
  const { page } = await stage.open("Packages", {
    nodes: [{ id: "web", title: "Web", code: "import fastapi\n\n\ndef main():\n    return fastapi\n" }],
  });
  await page.locator('[data-venv="completed"]').waitFor();
  await openTerminal(page);
  await typeCommand(page, "clear; pip install fastapi && echo well-$((40+2))");
  await screenShows(page, /well-42/);
  await picture(page, "terminal-dark");
  await openCode(page, "Web");
  await serversReady(page);
  await goToLine(page, 5);
  await page.keyboard.type(".APIRou");
  const completed = page.locator(".suggest-widget .monaco-list-row").filter({ hasText: "APIRouter" });
  await repeatUntil(completed, () => suggest(page));
});

scenario("a page that is reloaded in the middle of top goes on with it", async (stage) => {
  const { page, id } = await stage.open("Top");
  await openTerminal(page);
  await typeCommand(page, "top");
  await screenShows(page, /%Cpu|load average/);
  // The panel is as it was, too.
  await openProject(page, id);
  await screenShows(page, /%Cpu|load average/);
  await page.locator('[data-terminal][data-status="attached"]').waitFor();
  await page.locator(".xterm-helper-textarea").first().focus();
  await page.keyboard.press("q");
  await screenShows(page, /[$#] ?$/m);
  await typeCommand(page, "echo back-$((40+2))");
  await screenShows(page, /back-42/);
});
