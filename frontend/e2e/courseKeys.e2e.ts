import type { Locator } from "playwright-core";
import { expect } from "vitest";
import { areas, leaveNothing } from "./support/coursework.ts";
import { isFocused, press, tabTo } from "./support/keys.ts";
import { scenario, WITHIN_MS } from "./support/scenario.ts";
import { Somebody } from "./support/school.ts";

scenario("a course is made, filled and given an assignment by keys alone", async (stage) => {
  const admin = await Somebody.admin();
  const [teacher, ada] = await Promise.all([admin.add("Grace Hopper", "teacher"), admin.add("Ada Lovelace", "student")]);
  await areas(teacher);
  const page = await teacher.page(stage, "/courses");
  const dialog = page.getByRole("dialog");

  await press(page, page.getByRole("button", { name: "New course" }));
  await dialog.waitFor();
  expect(await isFocused(dialog.getByLabel("Title"))).toBe(true);
  // A dialog that is left gives the focus back to what opened it.
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  expect(await isFocused(page.getByRole("button", { name: "New course" }))).toBe(true);
  await page.keyboard.press("Enter");
  await dialog.waitFor();
  await page.keyboard.type("Geometry");
  await page.keyboard.press("Enter");
  const focused = (wanted: Locator) => expect.poll(() => isFocused(wanted), { timeout: WITHIN_MS }).toBe(true);
  // The page that is gone to tells what it is, and a row of links keeps the focus on the one that was followed.
  await focused(page.getByRole("heading", { name: "Geometry" }));

  await press(page, page.getByRole("link", { name: "Members" }));
  await focused(page.getByRole("link", { name: "Members" }));
  await press(page, page.getByRole("button", { name: "Bring a list in" }));
  await dialog.waitFor();
  expect(await isFocused(dialog.getByRole("textbox", { name: "List" }))).toBe(true);
  await page.keyboard.insertText(`login,name\n${ada.login},Ada Lovelace\n,Nobody`);
  await dialog.getByText("Line 3: there is no login, or it has blanks").waitFor();
  await press(page, dialog.getByRole("button", { name: "Bring in 1" }));
  const done = dialog.getByRole("button", { name: "Done" });
  await done.waitFor();
  expect(await isFocused(done)).toBe(true);
  await page.keyboard.press("Enter");
  await page.getByRole("row", { name: /Ada Lovelace/ }).waitFor();
  expect(await isFocused(page.getByRole("button", { name: "Bring a list in" }))).toBe(true);
  const role = page.getByLabel("Role of Ada Lovelace");
  await tabTo(page, role);
  await page.keyboard.press("ArrowUp");
  await page.getByText("Enter keeps it, Escape does not.").waitFor();
  await page.keyboard.press("Escape");
  expect(await role.inputValue()).toBe("student");
  await page.keyboard.press("ArrowUp");
  const kept = page.waitForResponse((response) => response.request().method() === "PUT");
  await page.keyboard.press("Enter");
  // At once, and for good.
  expect(await role.inputValue()).toBe("teacher");
  await kept;
  await expect.poll(() => role.getAttribute("aria-busy"), { timeout: WITHIN_MS }).toBe("false");
  expect(await role.inputValue()).toBe("teacher");
  expect(await isFocused(role)).toBe(true);

  await tabTo(page, page.getByRole("link", { name: "Assignments" }), "Shift+Tab");
  await page.keyboard.press("Enter");
  await press(page, page.getByRole("button", { name: "New assignment" }));
  await dialog.waitFor();
  await page.keyboard.type("Areas");
  await tabTo(page, dialog.getByLabel("Project", { exact: true }));
  await page.keyboard.type("Areas of");
  await tabTo(page, dialog.getByLabel("Six by seven"));
  await page.keyboard.press("Space");
  expect(await dialog.getByLabel("Six by seven").isChecked()).toBe(true);
  await tabTo(page, dialog.getByRole("textbox", { name: "Text" }));
  await page.keyboard.type("Return its *area*.");
  await press(page, dialog.getByRole("button", { name: "Create draft" }));
  await page.getByRole("heading", { name: "Areas" }).waitFor();
  await press(page, page.getByRole("button", { name: "Publish", exact: true }));
  await page.getByText(/^Published /).waitFor();

  await press(page, page.getByRole("button", { name: "Actions for “Areas”" }));
  await page.locator("[role=menu]:focus-within").waitFor();
  await tabTo(page, page.getByRole("menuitem", { name: "Delete" }), "ArrowDown");
  await page.keyboard.press("Enter");
  await dialog.getByRole("heading", { name: "Delete “Areas”?" }).waitFor();
  expect(await isFocused(dialog.getByRole("button", { name: "Cancel" }))).toBe(true);
  await tabTo(page, dialog.getByRole("button", { name: "Delete" }));
  await page.keyboard.press("Enter");
  await page.getByText("No assignments yet.").waitFor();
  await focused(page.getByRole("heading", { name: "Geometry" }));

  // A button that is off while what it began goes on has the focus again after that.
  await press(page, page.getByRole("link", { name: "Settings" }));
  await focused(page.getByRole("link", { name: "Settings" }));
  const save = page.getByRole("button", { name: "Save" }).first();
  await press(page, save);
  await page.getByText("Saved.").waitFor();
  await focused(save);
  await leaveNothing(teacher);
});
