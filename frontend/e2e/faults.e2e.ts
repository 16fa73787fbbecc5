import { execFileSync } from "node:child_process";
import { expect, inject } from "vitest";
import { scenario } from "./support/scenario.ts";
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
