import { expect } from "vitest";
import { field } from "./support/api.ts";
import { picture, scenario } from "./support/scenario.ts";
import { Somebody } from "./support/school.ts";
import { goToLine, goToNode, nodeCalled, openCode } from "./support/workbench.ts";

const CODE = "def main(*, window: int = 7):\n    return window\n";

scenario("who may only look at a project sees all of it, and is offered nothing that changes it", async (stage) => {
  const admin = await Somebody.admin();
  const [owner, viewer] = await Promise.all([admin.add("Grace", "student"), admin.add("Ada", "student")]);
  const project = await owner.make("/api/project/make", { name: "Looked at", template: "empty" });
  await owner.ask("POST", `/api/project/${project}/nodes`, { title: "One", kind: "code", code: CODE, position: { x: 0, y: 0 } });
  await owner.ask("POST", `/api/project/${project}/shares`, { login: viewer.login, share: "viewer" });
  const before = await owner.ask("GET", `/api/project/${project}`);

  const page = await viewer.page(stage, `/project/${project}`);
  const refused: string[] = [];
  page.on("response", (response) => response.status() === 403 && refused.push(`${response.request().method()} ${response.url()}`));
  await nodeCalled(page, "One").waitFor();
  await picture(page, "viewer-canvas");
  for (const key of ["Control+0", "Control+a", "ArrowRight", "Control+d", "Control+x", "Delete", "Control+Enter"]) await page.keyboard.press(key);
  await goToNode(page, "One");
  await page.getByRole("spinbutton", { name: "window" }).or(page.getByRole("textbox", { name: "window" })).waitFor();
  await picture(page, "viewer-details");
  await openCode(page, "One");
  await goToLine(page, 2);
  await page.keyboard.type("00");
  await page.locator("[data-scope=editor] .view-line").filter({ hasText: /return\swindow$/ }).waitFor();
  await picture(page, "viewer-editor");
  for (const panel of ["Packages", "Files"]) {
    await page.getByRole("tab", { name: panel }).click();
    await picture(page, `viewer-${panel}`);
  }
  await page.getByRole("button", { name: "Show or hide terminal" }).click();
  await picture(page, "viewer-terminal");
  expect(await page.getByRole("button", { name: "Run all", exact: true }).isEnabled()).toBe(false);
  expect(field(await owner.ask("GET", `/api/project/${project}`), "nodes")).toEqual(field(before, "nodes"));
  // Nothing was even asked for that the server had to refuse.
  expect(refused).toEqual([]);
});
