import { randomBytes } from "node:crypto";
import { buffer as bytesOf } from "node:stream/consumers";
import type { Page } from "playwright-core";
import { expect, inject } from "vitest";
import { field } from "./support/api.ts";
import { areas, assignmentOf, courseOf, leaveNothing, solve, started } from "./support/coursework.ts";
import { check } from "./support/everyone.ts";
import { scenario } from "./support/scenario.ts";
import { Somebody } from "./support/school.ts";
import { nodeCalled } from "./support/workbench.ts";
import { unzipped } from "./support/zip.ts";

const HOUR_SEC = 3_600;

async function people(...students: readonly string[]) {
  const admin = await Somebody.admin();
  const [teacher, ...all] = await Promise.all([admin.add("Grace Hopper", "teacher"), ...students.map((name) => admin.add(name, "student"))]);
  return { admin, teacher, students: all };
}

async function choose(page: Page, name: string, action: string): Promise<void> {
  await page.getByRole("button", { name: `Actions for ${name}`, exact: true }).click();
  await page.getByRole("menuitem", { name: action }).click();
}

scenario("an assignment is changed and published again, and its tests are stopped; a hand-in is downloaded and copied", async (stage) => {
  const { teacher, students } = await people("Ada Lovelace", "Bob");
  const [ada, bob] = students;
  const [project, course] = await Promise.all([areas(teacher), courseOf(teacher, "Geometry", students)]);
  const assignment = await assignmentOf(teacher, course, project, Date.now() / 1000 + 48 * HOUR_SEC);
  await Promise.all([
    ada === undefined ? undefined : started(ada, assignment).then((id) => solve(ada, id)),
    // Stopped while it runs, however fast the machine is.
    bob === undefined ? undefined : started(bob, assignment).then((id) => solve(bob, id, "import time\n\ndef main():\n    time.sleep(600)\n")),
  ]);
  await Promise.all(students.map((student) => student.ask("POST", `/api/assignments/${assignment}/hand-in`)));
  const page = await teacher.page(stage, `/assignments/${assignment}`, { theme: "light" });

  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await page.getByRole("dialog").getByLabel("Six by seven").waitFor();
  await page.getByLabel("Title").fill("Areas and how to find them");
  await page.getByRole("textbox", { name: "Text" }).fill("Return the area of a field of **6 by 7** metres.");
  await check(page, "assignment-edit");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Areas and how to find them" }).waitFor();
  await page.getByText("6 by 7", { exact: true }).waitFor();

  // A test that is changed is the new one for all, once it is published again.
  await teacher.write(project.project, project.test, 'def main(area):\n    assert area == 42\n    return {"points": 3, "message": "as it should be"}\n');
  await page.getByRole("button", { name: "Publish again" }).click();
  await check(page, "publish-again");
  await page.getByRole("dialog").getByRole("button", { name: "Publish again" }).click();
  await page.getByText("“Areas and how to find them” is published.").waitFor();
  await page.getByRole("link", { name: "Hidden tests" }).click();
  await page.getByText("Nothing was tested yet.").waitFor();
  await page.getByRole("button", { name: "Run the hidden tests", exact: true }).click();
  const [adas, bobs] = [page.getByRole("row", { name: /^Ada Lovelace/ }), page.getByRole("row", { name: /^Bob/ })];
  await bobs.getByText("Running").waitFor();
  await check(page, "tests-running");
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await bobs.getByText("Could not be tested").waitFor();
  await bobs.getByText("not run").waitFor();
  await page.getByRole("button", { name: "Run the hidden tests", exact: true }).waitFor();
  await check(page, "tests-stopped");
  await adas.getByRole("button", { name: "Test again: Ada Lovelace" }).click();
  await adas.getByText("as it should be").waitFor();
  await page.getByRole("button", { name: "Details of Ada Lovelace" }).click();
  await page.getByRole("dialog", { name: "Details of Ada Lovelace" }).getByText("as it should be").waitFor();
  await check(page, "tests-details");
  await page.keyboard.press("Escape");

  await page.getByRole("link", { name: "Submissions" }).click();
  const [download] = await Promise.all([page.waitForEvent("download"), choose(page, "Ada Lovelace", "Download what was handed in")]);
  expect(download.suggestedFilename()).toMatch(/\.zip$/);
  const files = unzipped(await bytesOf(await download.createReadStream()));
  expect([...files.values()].join("\n")).toContain("return 6 * 7");
  await page.getByRole("button", { name: "Actions for Ada Lovelace", exact: true }).click();
  await check(page, "submission-menu");
  await page.getByRole("menuitem", { name: "Open a copy of what was handed in" }).click();
  await nodeCalled(page, "Area").waitFor();
  await page.getByText("Areas and how to find them – Ada Lovelace").first().waitFor();
  expect(await page.getByText("View only", { exact: true }).count()).toBe(0);
  await leaveNothing(teacher, ...students);
});

scenario("what cannot be collected at the deadline says why, and is tried again", async (stage) => {
  const { teacher, students } = await people("Ada Lovelace");
  const [ada] = students;
  if (ada === undefined) return;
  const [project, course] = await Promise.all([areas(teacher), courseOf(teacher, "Geometry", students)]);
  const assignment = await assignmentOf(teacher, course, project, null);
  const own = await started(ada, assignment);
  // Nothing packs this below the one MiB that the school allows.
  await ada.file(own, "measured.bin", new Uint8Array(randomBytes(3 << 20)));
  await teacher.ask("PATCH", `/api/assignments/${assignment}`, { due_at: Date.now() / 1000 + 1 });
  const page = await teacher.page(stage, `/assignments/${assignment}`);
  await page.getByRole("heading", { name: "Areas" }).waitFor();
  const row = page.getByRole("row", { name: /Ada Lovelace/ });
  const again = row.getByRole("button", { name: "Try again to collect what Ada Lovelace made" });
  await again.waitFor();
  await row.getByText(/^Could not be collected: /).waitFor();
  await check(page, "not-collected");

  const mine = await ada.page(stage, `/assignments/${assignment}`, { theme: "light", language: "ko" });
  await mine.getByText("수거하지 못함").waitFor();
  await check(mine, "not-collected-mine");
  await ada.file(own, "measured.bin", null);
  await again.click();
  await row.getByText("Collected at the deadline").waitFor();
  await row.getByText("Late").waitFor();
  await check(page, "collected-late");
  await leaveNothing(teacher, ada);
});

scenario("an exam tells a student why it refuses what it does", async (stage) => {
  const { teacher, students } = await people("Ada Lovelace", "Bob");
  const [ada, bob] = students;
  if (ada === undefined || bob === undefined) return;
  const course = await courseOf(teacher, "Geometry", [ada]);
  const own = await ada.make("/api/project/make", { name: "Fields" });
  const shared = await bob.make("/api/project/make", { name: "Help" });
  const link = String(field(await bob.ask("POST", `/api/project/${shared}/share-links`, { share: "viewer", expires_in_sec: HOUR_SEC }), "url"));
  const now = Date.now() / 1000;
  const page = await ada.page(stage, `/project/${own}`, { theme: "light" });
  await page.locator("[data-scope=canvas]").waitFor();
  await teacher.make(`/api/courses/${course}/exams`, { title: "Midterm", starts_at: now, ends_at: now + HOUR_SEC });
  await page.getByRole("region", { name: "Exam: Midterm" }).waitFor();

  const why = (where: Page) => where.getByText(/The exam 'Midterm' is on: nothing is brought in or shared/).first();
  await page.getByRole("tab", { name: "Files" }).click();
  await page.locator("input[type=file]").setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("brought in\n") });
  await why(page).waitFor();
  await check(page, "exam-upload");
  await page.getByRole("tab", { name: "Network" }).click();
  await page.getByText("An exam is on: this project has no network.").waitFor();
  await page.getByText(/^Until it is over, nobody can let the project reach anything/).waitFor();
  await check(page, "exam-network");
  await page.getByRole("button", { name: "Share" }).click();
  await page.getByRole("button", { name: "Make a link" }).click();
  await page.getByRole("dialog").getByRole("alert").filter({ hasText: "The exam 'Midterm' is on" }).waitFor();
  await check(page, "exam-sharing");

  await page.goto(`${inject("school")}/`);
  await page.getByRole("region", { name: "Exam: Midterm" }).waitFor();
  const picker = page.getByLabel("A zip of a project, also of the original system");
  await picker.setInputFiles({ name: "before.zip", mimeType: "application/zip", buffer: Buffer.from("PK") });
  await why(page).waitFor();
  await check(page, "exam-import");
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.getByRole("menuitem", { name: "From a Git repository…" }).click();
  await page.getByLabel("Address").fill("https://git.example/ada/fields.git");
  await page.getByRole("button", { name: "Clone and open" }).click();
  await page.getByRole("dialog").getByText(/The exam 'Midterm' is on/).waitFor();
  await check(page, "exam-clone");

  // What others share is not taken either; in Korean, the reason is told in Korean alone.
  const korean = await ada.page(stage, new URL(link, inject("school")).href.slice(inject("school").length), { language: "ko" });
  await korean.getByText("‘Midterm’ 시험이 진행 중입니다. 끝날 때까지 가져오거나 공유할 수 없습니다.", { exact: true }).waitFor();
  await check(korean, "exam-link");
  await leaveNothing(ada, bob);
});

scenario("whom a group of the identity provider brings into a course is marked so", async (stage) => {
  const { teacher, students } = await people("Ada Lovelace");
  const course = await courseOf(teacher, "Geometry", students);
  const page = await teacher.page(stage, `/courses/${course}/settings`, { theme: "light" });
  await page.getByLabel("Group of the identity provider").fill("class 7");
  await page.getByRole("button", { name: "Save" }).first().click();
  await page.getByText("Saved.").first().waitFor();

  const bobs = await stage.blankPage();
  await bobs.goto(`${inject("school")}/courses`);
  await bobs.getByRole("link", { name: "Continue with Single sign-on" }).click();
  await bobs.getByRole("link", { name: "bob", exact: true }).click();
  await bobs.getByRole("link", { name: "Geometry" }).first().waitFor();

  await page.getByRole("link", { name: "Members" }).click();
  await page.getByRole("row", { name: /bob@school\.example/ }).getByText("By group").waitFor();
  expect(await page.getByRole("row", { name: /Ada Lovelace/ }).getByText("By group").count()).toBe(0);
  await check(page, "members-by-group");
});
