import { execFileSync } from "node:child_process";
import { expect, inject } from "vitest";
import { call, field } from "./support/api.ts";
import { picture, scenario, WITHIN_MS } from "./support/scenario.ts";
import { goToLine, nodeCalled, openCode, runAll, saved, waitForStatus } from "./support/workbench.ts";

function killSandbox(projectId: string): void {
  const labels = [`org.aimforge.deployment=${inject("deployment")}`, `org.aimforge.project=${projectId}`];
  const filters = labels.flatMap((label) => ["--filter", `label=${label}`]);
  const found = execFileSync("docker", ["ps", "-q", ...filters], { encoding: "utf8" }).split("\n").filter(Boolean);
  if (found.length === 0) throw new Error("The project has no container to kill.");
  execFileSync("docker", ["kill", ...found], { stdio: "ignore" });
}

scenario("a sandbox that is killed under the page comes back", async (stage) => {
  const { page, id } = await stage.open("Killed", {
    nodes: [{ id: "slow", title: "Slow", code: "import pathlib, time\n\n\ndef main():\n    if pathlib.Path('once').exists():\n        return 'well'\n    pathlib.Path('once').touch()\n    print('begun', flush=True)\n    time.sleep(600)\n" }],
  });
  await runAll(page);
  await nodeCalled(page, "Slow").getByText("begun").waitFor();
  killSandbox(id);
  await waitForStatus(page, "Slow", "lost");
  await page.getByRole("button", { name: "Run all", exact: true }).waitFor();
  await runAll(page);
  await waitForStatus(page, "Slow", "succeeded");
  await page.locator('[data-sandbox="ready"]').waitFor();
});

scenario("offline, what is typed is kept; online, it is saved", async (stage) => {
  const { page, id } = await stage.open("Offline", { nodes: [{ id: "one", title: "One", code: "def main():\n    return 1\n" }] });
  await openCode(page, "One");
  await page.context().setOffline(true);
  await goToLine(page, 2);
  await page.keyboard.type("00");
  await page.locator('[data-save="failed"], [data-save="saving"], [data-save="edited"]').first().waitFor();
  await page.context().setOffline(false);
  await saved(page);
  expect(await stage.read(id, "nodes/one.py")).toContain("return 100");
});

scenario("with a full disk, what is typed is kept, told of, and saved once there is room", async (stage) => {
  const { page, id } = await stage.open("Full", { nodes: [{ id: "one", title: "One", code: "def main():\n    return 1\n" }] });
  for (const path of ["kept.txt", "gone.txt"]) {
    await stage.write(id, path, "text\n");
    await page.getByRole("tab", { name: "Files" }).click();
    await page.locator(`[data-path="${path}"]`).dblclick();
    await page.getByRole("tab", { name: path, selected: true }).waitFor();
  }
  await openCode(page, "One");
  await page.getByRole("button", { name: "Split the editor" }).click();
  await page.keyboard.press("Control+Shift+M");
  await page.getByRole("tab", { name: "Problems", selected: true }).waitFor();
  // As the server says it: a disk cannot be filled here without filling everybody's.
  const json = { error: "disk_full", message: "The workspace is full. Delete files to go on.", detail: {} };
  await page.route("**/nodes/one/code", (route) => (route.request().method() === "PUT" ? route.fulfill({ status: 507, json }) : route.continue()));
  await goToLine(page, 2);
  await page.keyboard.type("00");
  await page.getByRole("status").filter({ hasText: "The workspace is full. Delete files to go on." }).first().waitFor();
  await page.locator('[data-save="failed"]').first().waitFor();
  await picture(page, "disk-full-dark");
  // It outlives the page, and so does what is open, but for what is gone.
  await call(`/api/project/${id}/files?path=gone.txt`, { method: "DELETE" });
  await page.reload();
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await page.getByRole("tab", { name: "One", selected: true }).waitFor();
  for (const editor of [0, 1]) await page.locator("[data-scope=editor]").nth(editor).locator(".view-line").filter({ hasText: "return 100" }).waitFor();
  await page.getByRole("tab", { name: "kept.txt" }).waitFor();
  await page.getByRole("tab", { name: "Problems", selected: true }).waitFor();
  expect(await page.getByRole("tab", { name: "gone.txt" }).count()).toBe(0);
  await goToLine(page, 2);
  await page.keyboard.press("Control+s");
  await saved(page);
  expect(await stage.read(id, "nodes/one.py")).toContain("return 100");
});

scenario("offline, a setting that is typed is kept; online, it is saved", async (stage) => {
  const { page, id } = await stage.open("Form", { nodes: [{ id: "one", title: "One", code: "def main(*, window: int = 7):\n    return window\n" }] });
  await nodeCalled(page, "One").click();
  const window = page.getByLabel("window", { exact: true });
  await window.waitFor();
  await page.context().setOffline(true);
  await window.fill("12");
  await page.keyboard.press("Tab");
  await page.getByRole("alert").filter({ hasText: /offline|Trying again/ }).waitFor();
  expect(await window.inputValue()).toBe("12");
  await page.context().setOffline(false);
  const settings = async () => {
    const nodes = field(await (await call(`/api/project/${id}`)).json(), "nodes");
    return Array.isArray(nodes) ? field(nodes[0], "settings") : undefined;
  };
  await expect.poll(settings, { timeout: WITHIN_MS }).toEqual({ window: 12 });
  expect(await window.inputValue()).toBe("12");

  // What is no number stays where it was typed, beside a sentence, and is not saved.
  await page.getByText("How it runs").click();
  const limit = page.getByLabel("Time limit, seconds");
  await limit.fill("soon");
  await limit.press("Tab");
  await page.getByText("Write the seconds as a number above 0").waitFor();
  expect(await limit.getAttribute("aria-invalid")).toBe("true");
  expect(await limit.inputValue()).toBe("soon");
  await limit.press("Escape");
  expect(await limit.inputValue()).toBe("");
});
