import { expect } from "vitest";
import { check } from "./support/everyone.ts";
import { openProject, scenario } from "./support/scenario.ts";
import { Somebody } from "./support/school.ts";
import { runAll, waitForStatus } from "./support/workbench.ts";

const ASKS = `import urllib.error
import urllib.request

def main():
    try:
        urllib.request.urlopen("https://files.stand-in.example/", timeout=30)
    except urllib.error.URLError as error:
        return str(error.reason)
`;

scenario("a host that was refused is told of, and allowed where it is told", async (stage) => {
  const id = await stage.project("Reaches out", { nodes: [{ id: "ask", title: "Ask", code: ASKS }] });
  const page = await stage.page();
  await openProject(page, id);
  await page.locator('[data-venv="completed"]').waitFor();
  await runAll(page);
  await waitForStatus(page, "Ask", "succeeded");
  const toast = page.getByRole("status").filter({ hasText: "The project may not reach files.stand-in.example." });
  await toast.getByRole("button", { name: "Show" }).click();
  const panel = page.getByRole("region", { name: "Network", exact: true }).last();
  await panel.getByRole("list", { name: "Latest connections" }).getByText("files.stand-in.example", { exact: false }).first().waitFor();
  await check(page, "network");
  await panel.getByRole("button", { name: "Allow files.stand-in.example" }).click();
  await panel.getByRole("list", { name: "Named hosts" }).getByText("files.stand-in.example").waitFor();
  await panel.getByRole("button", { name: "Remove files.stand-in.example" }).click();
  await panel.getByText("None yet.").waitFor();
});

scenario("an administrator says what students may use", async (stage) => {
  const admin = await Somebody.admin();
  const page = await admin.page(stage, "/admin/allowances");
  await page.getByLabel("Allowance of").selectOption({ label: "Students" });
  await page.getByLabel("Longest run (s)").fill("much");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Write a number, or leave it empty.").waitFor();
  await page.getByLabel("Longest run (s)").fill("600");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved. It holds for what runs, too.").waitFor();
  await page.getByText(/^Set by /).waitFor();
  await check(page, "admin-allowances");
  await page.getByRole("button", { name: "Say nothing of it" }).click();
  await page.getByText(/^Set by /).waitFor({ state: "detached" });
  await expect(page.getByLabel("Longest run (s)").inputValue()).resolves.toBe("");
});
