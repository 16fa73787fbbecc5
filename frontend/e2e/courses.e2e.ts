import { expect } from "vitest";
import { areas, solve } from "./support/coursework.ts";
import { check } from "./support/everyone.ts";
import { scenario, type Stage } from "./support/scenario.ts";
import { Somebody } from "./support/school.ts";
import { nodeCalled } from "./support/workbench.ts";

const DAY_SEC = 86_400;

/** What a student's browser tells of what is due: local time, as its field has it. */
function localField(seconds: number): string {
  const at = new Date(seconds * 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${String(at.getFullYear())}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

async function pages(stage: Stage) {
  const admin = await Somebody.admin();
  const [teacher, ada, bob] = await Promise.all([admin.add("Grace Hopper", "teacher"), admin.add("Ada Lovelace", "student"), admin.add("Bob", "student")]);
  await areas(teacher);
  return { ada, bob, page: await teacher.page(stage, "/courses") };
}

scenario("a course is played through by a teacher and a student", async (stage) => {
  const { ada, bob, page } = await pages(stage);
  // A course, and its members from a list with a line that is wrong.
  await page.getByRole("button", { name: "New course" }).click();
  await page.getByLabel("Title").fill("Geometry");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByRole("heading", { name: "Geometry" }).waitFor();
  await page.getByRole("link", { name: "Members" }).click();
  await page.getByRole("button", { name: "Bring a list in" }).click();
  await page.getByRole("textbox", { name: "List" }).fill(`login,name\n${ada.login},Ada Lovelace\n${bob.login},Bob\n,Nobody\nlater@school.example,Comes Later`);
  await page.getByText("Line 4: there is no login, or it has blanks").waitFor();
  await check(page, "course-import");
  await page.getByRole("button", { name: "Bring in 3" }).click();
  await page.getByText("3 added, 0 changed.").waitFor();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("row", { name: /Comes Later/ }).getByText("None yet").waitFor();
  await check(page, "course-members");
  await page.getByRole("button", { name: "Invitation link" }).click();
  await page.getByRole("button", { name: "Make a link" }).click();
  expect(await page.getByRole("textbox", { name: "Invitation link" }).inputValue()).toMatch(/^http:.*\/join#/);
  await page.keyboard.press("Escape");

  // An assignment from a project, with one of its nodes as the hidden test.
  await page.getByRole("link", { name: "Assignments" }).click();
  await page.getByRole("button", { name: "New assignment" }).click();
  await page.getByLabel("Title").fill("Areas");
  await page.getByLabel("Deadline, in your time").fill(localField(Date.now() / 1000 + 2 * DAY_SEC));
  await page.getByLabel("Project", { exact: true }).selectOption({ label: "Areas of fields" });
  await page.getByLabel("Six by seven").check();
  await page.getByRole("textbox", { name: "Text" }).fill("A field is **6 by 7** metres.\n\n- Return its area from `Area`.\n- Hand in when you are done.");
  await page.getByText("Preview").click();
  await check(page, "assignment-new");
  await page.getByRole("button", { name: "Create draft" }).click();
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByText(/^Published /).waitFor();

  // A student finds it, starts it, solves it and hands it in.
  const mine = await ada.page(stage, "/courses", { theme: "light" });
  await mine.getByText("Next deadline: Areas").waitFor();
  await check(mine, "courses");
  await mine.getByRole("link", { name: "Geometry" }).click();
  await mine.getByRole("link", { name: "Areas" }).click();
  await mine.getByText("1 day 23 hrs left").waitFor();
  await check(mine, "assignment-student");
  await mine.getByRole("button", { name: "Start" }).click();
  await nodeCalled(mine, "Area").waitFor();
  const bar = mine.getByRole("region", { name: "Assignment" });
  await bar.getByText("Working").waitFor();
  const project = /\/project\/([^/?#]+)/.exec(mine.url())?.[1] ?? "";
  await solve(ada, project);
  await bar.getByRole("button", { name: "Hand in" }).click();
  await mine.getByRole("dialog").getByRole("button", { name: "Hand in" }).click();
  await bar.getByRole("button", { name: "Hand in again" }).waitFor();
  await check(mine, "assignment-bar");

  // The teacher looks: read-only, and the student sees it.
  const row = page.getByRole("row", { name: /Ada Lovelace/ });
  await page.reload();
  await row.getByText("Handed in").waitFor();
  await check(page, "submissions");
  await row.getByRole("button", { name: /^Look at the project/ }).click();
  await nodeCalled(page, "Area").waitFor();
  await page.getByText("View only", { exact: true }).waitFor();
  await page.getByRole("tab", { name: "Files" }).click();
  expect(await page.getByRole("button", { name: "New file" }).isDisabled()).toBe(true);
  await nodeCalled(page, "Area").click();
  expect(await page.getByRole("textbox", { name: "Title" }).isDisabled()).toBe(true);
  await check(page, "look");
  await mine.locator("[data-looks]").getByText("Grace Hopper may be looking").waitFor();
  await mine.getByRole("button", { name: "Share" }).click();
  await mine.getByRole("heading", { name: "Looks" }).waitFor();
  await check(mine, "looked-at");
  await mine.keyboard.press("Escape");

  // Hidden tests, a comment, and the work given back.
  await page.getByRole("region", { name: "Assignment" }).getByRole("link", { name: "Areas" }).click();
  await page.getByRole("link", { name: "Hidden tests" }).click();
  await page.getByRole("button", { name: "Run the hidden tests", exact: true }).click();
  await page.getByRole("row", { name: /Ada Lovelace/ }).getByText("passed").waitFor();
  await page.getByText("exact").waitFor();
  await check(page, "hidden-tests");
  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export as CSV" }).click();
  expect((await saving).suggestedFilename()).toBe("Areas-tests.csv");
  await page.getByRole("link", { name: "Submissions" }).click();
  await page.getByRole("button", { name: "Comment on Ada Lovelace" }).click();
  await page.getByRole("textbox", { name: "Comment" }).fill("Right. *How would you do it for any field?*");
  await page.getByLabel("Points").fill("9,5");
  await check(page, "comment");
  await page.getByRole("button", { name: "Save and give back" }).click();
  await row.getByText("Given back").waitFor();
  await mine.getByRole("region", { name: "Assignment" }).getByRole("link", { name: "Areas" }).click();
  await mine.getByText("Points: 9.5").waitFor();
  await check(mine, "given-back");

  // An exam: the student is told, and told why something is refused.
  await page.getByRole("link", { name: "Geometry" }).click();
  await page.getByRole("link", { name: "Exams" }).click();
  await page.getByRole("button", { name: "New exam" }).click();
  await page.getByLabel("Title").fill("Midterm");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByText(/^On, /).waitFor();
  await check(page, "exams");
  await mine.goto(new URL(`/project/${project}`, mine.url()).href);
  const exam = mine.getByRole("region", { name: "Exam: Midterm" });
  await exam.getByText(/nothing shared/).waitFor();
  await mine.getByRole("button", { name: "Share" }).click();
  await mine.getByLabel("Login or e-mail address").fill(bob.login);
  await mine.getByRole("button", { name: "Add" }).click();
  await mine.getByText(/The exam 'Midterm' is on/).first().waitFor();
  await check(mine, "exam");

  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByLabel("Longest run (s)").fill("90");
  await page.getByLabel("Named hosts").fill("10.0.0.1");
  const allowances = page.getByRole("region", { name: "What its projects may use" });
  await allowances.getByRole("button", { name: "Save" }).click();
  await allowances.getByText(/is not a host name/).waitFor();
  await page.getByLabel("Named hosts").fill("");
  await allowances.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved. It holds for what runs, too.").waitFor();
  await check(page, "course-settings");
  await page.getByRole("button", { name: "Delete the course" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete the course" }).click();
  await page.getByText("You are in no course").waitFor();
});
