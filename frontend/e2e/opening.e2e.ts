import { expect, inject } from "vitest";
import { call } from "./support/api.ts";
import { picture, scenario } from "./support/scenario.ts";

scenario("opening a project shows its steps, each with its time", async (stage) => {
  const id = await stage.project("Opening");
  const page = await stage.page();
  // A new project's sandbox starts by itself, and would be there before the page is.
  await call(`/api/project/${id}/sandbox/stop`, { method: "POST" });
  // What the steps lead to is held back until they were seen: they can be over faster than anybody looks.
  let release = () => {};
  const seen = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(`**/api/project/${id}`, async (route) => {
    const response = await route.fetch();
    await seen;
    await route.fulfill({ response });
  });
  await page.goto(`${inject("address")}/project/${id}`);
  await page.getByRole("heading", { name: /^Opening/ }).waitFor();
  for (const step of ["Start the sandbox", "Wake the agent"]) {
    await page.getByRole("listitem").filter({ hasText: step }).filter({ hasText: /\d ?m?s$/ }).waitFor();
  }
  await page.getByRole("listitem").filter({ hasText: "Read the project" }).waitFor();
  expect(await page.getByRole("listitem").count()).toBeGreaterThanOrEqual(3);
  await picture(page, "opening-dark");
  release();
  await page.locator("[data-scope=canvas]").waitFor();
  // A reading that is still held back ends with the page, and is no fault.
  await page.unrouteAll({ behavior: "ignoreErrors" });
});
