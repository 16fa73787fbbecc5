import type { Page } from "playwright-core";
import { expect, inject } from "vitest";
import { check } from "./support/everyone.ts";
import { scenario } from "./support/scenario.ts";
import { Somebody } from "./support/school.ts";

scenario("people sign in, see where they are signed in, and leave nothing behind", async (stage) => {
  const admin = await Somebody.admin();
  const ada = await admin.add("Ada", "student");
  const page = await stage.blankPage();
  await page.goto(`${inject("school")}/account`);
  await page.getByRole("heading", { name: "Sign in to AIM-Forge" }).waitFor();
  await check(page, "sign-in");
  await page.getByLabel("Login or e-mail address").fill(ada.login);
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").filter({ hasText: /password/i }).waitFor();
  await page.getByLabel("Password").fill(ada.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Your account" }).waitFor();

  await page.getByRole("button", { name: "New token" }).click();
  await page.getByRole("dialog").getByRole("textbox").fill("Laptop");
  await page.getByRole("button", { name: "Create token" }).click();
  await page.getByLabel("Your new token").waitFor();
  await check(page, "new-token");
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByText("This browser").waitFor();
  await check(page, "account");

  const renewed = "long, and easy to keep in mind";
  await page.getByLabel("Present password").fill("not the password");
  for (const label of ["New password", "Password again"]) await page.getByLabel(label, { exact: true }).fill(renewed);
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByText("The old password is wrong.").waitFor();
  await page.getByLabel("Present password").fill(ada.password);
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByText("Your password is set. All other sessions ended.").waitFor();

  // What was typed and not saved is told of, and goes with the sign-out; preferences stay.
  await page.evaluate(() => localStorage.setItem("aimforge.draft:p1:node a", "{}"));
  await page.getByRole("button", { name: `Account of ${ada.name}` }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("dialog", { name: "Sign out with unsaved text?" }).getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in to AIM-Forge" }).waitFor();
  expect(await page.evaluate(() => Object.keys(localStorage))).toEqual(["aimforge.preferences"]);
});

/** Nothing in a table is cut with dots: who has no mouse to hover with could not read it. */
async function wholeCells(page: Page): Promise<void> {
  const cut = await page.locator("tbody, tbody *").evaluateAll((all) => all.filter((one) => getComputedStyle(one).textOverflow === "ellipsis").length);
  expect(cut).toBe(0);
}

scenario("an administrator sees people, sandboxes, the log and the settings", async (stage) => {
  const admin = await Somebody.admin();
  const page = await admin.page(stage, "/admin/people");
  const name = `Grace ${crypto.randomUUID().slice(0, 6)}`;
  await page.getByRole("button", { name: "Add person" }).click();
  await page.getByLabel("Login or e-mail address").fill(name.toLowerCase().replace(" ", "."));
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Password").fill("a long enough one");
  await page.getByRole("dialog").getByLabel("Role").selectOption("teacher");
  await check(page, "add-person");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("row", { name }).waitFor();
  await wholeCells(page);
  await check(page, "admin-people");

  const project = await admin.make("/api/project/make", { name: "Seen by its owner" });
  await page.getByRole("link", { name: "Sandboxes" }).click();
  const row = page.getByRole("row", { name: /Seen by its owner/ });
  await row.getByText("Running").waitFor();
  await row.getByRole("button", { name: /^Limits of/ }).click();
  await page.getByRole("dialog").getByLabel("CPU cores").fill("0.5");
  await page.getByRole("button", { name: "Set" }).click();
  await row.getByText(/of 0.5/).waitFor();
  await wholeCells(page);
  await page.getByText("Look: Read-only, for an hour.").waitFor();
  await check(page, "admin-sandboxes");
  await row.getByRole("button", { name: /^Stop/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Stop" }).click();
  await row.getByText("Stopped", { exact: true }).waitFor();
  await admin.ask("DELETE", `/api/project/${project}`);

  await page.getByRole("link", { name: "Audit log" }).click();
  await page.getByLabel("What").selectOption("person.");
  await page.getByRole("cell", { name: "person.created" }).first().waitFor();
  await check(page, "admin-audit");

  await page.getByRole("link", { name: "Settings in force" }).click();
  await page.getByLabel("Only those that were set").check();
  await page.getByRole("row", { name: /AIMFORGE_MODE/ }).getByText("hosted", { exact: true }).waitFor();
  await check(page, "admin-settings");
});
