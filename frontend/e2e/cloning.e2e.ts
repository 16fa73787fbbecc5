import { afterAll, beforeAll, expect } from "vitest";
import type { Page } from "playwright-core";
import { call } from "./support/api.ts";
import { canNameHosts, gitHost, type GitHost } from "./support/gitHost.ts";
import { picture, scenario, type Stage } from "./support/scenario.ts";
import { printed, startServer, type Server } from "./support/server.ts";
import { nodeCalled, runAll } from "./support/workbench.ts";
import { unzipped } from "./support/zip.ts";

/** A server whose sandboxes may reach one host, which serves Git. */
const TOKEN = `e2e-${crypto.randomUUID()}`;
let host: GitHost | undefined;
let server: Server | undefined;

function there(): GitHost {
  if (host === undefined) throw new Error("There is no Git host.");
  return host;
}

beforeAll(async () => {
  if (!canNameHosts) return;
  host = await gitHost("git.stand-in.example", printed(["image", "name"]));
  const settings = { AIMFORGE_TOKEN: TOKEN, AIMFORGE_IMAGE: host.image, AIMFORGE_EGRESS_HOSTS: `${host.name}:${String(host.port)}!` };
  server = await startServer("cloning", settings, host.hosts);
});

afterAll(async () => {
  await server?.end();
  await host?.end();
});

/** The files of a project, as its export has them. */
async function exported(stage: Stage): Promise<Map<string, string>> {
  const id = await stage.project("Repository", {
    nodes: [
      { id: "ask", title: "Ask", code: "def main():\n    return 'from afar'\n" },
      { id: "shown", title: "Shown", kind: "result", x: 340 },
    ],
    edges: [["ask", "shown"]],
  });
  const files = unzipped(Buffer.from(await (await call(`/api/project/${id}/export`)).arrayBuffer()));
  const flow = [...files.keys()].find((path) => path.endsWith("flow.json")) ?? "flow.json";
  const above = flow.slice(0, -"flow.json".length);
  return new Map([...files].map(([path, text]) => [path.slice(above.length), text]));
}

async function askFor(page: Page, url: string): Promise<void> {
  await page.getByRole("button", { name: "Import" }).click();
  await page.getByRole("menuitem", { name: "From a Git repository…" }).click();
  await page.getByRole("textbox", { name: "Address" }).fill(url);
  await page.getByRole("button", { name: "Clone and open" }).click();
}

scenario(
  "a project is cloned from Git through the sandbox's way out, and from nowhere else",
  async (stage) => {
    const url = there().publish("afar", await exported(stage));
    const page = await stage.blankPage();
    await page.goto(`${server?.address ?? ""}/login?token=${TOKEN}`);

    await askFor(page, url.replace(there().name, "other.stand-in.example"));
    await page.getByText(/Sandboxes may not reach other\.stand-in\.example/).waitFor();
    await picture(page, "clone-refused-dark");
    await page.getByRole("button", { name: "Cancel" }).click();

    await askFor(page, url.replace("afar.git", "nothing.git"));
    await page.getByText(/There is no repository at/).waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();

    await askFor(page, url);
    await page.locator("[data-scope=canvas]").waitFor();
    await runAll(page);
    await nodeCalled(page, "Shown").getByText("from afar").waitFor();
    // What was refused left no project behind.
    await page.goto(`${server?.address ?? ""}/`);
    await page.getByRole("link", { name: "afar" }).waitFor();
    expect(await page.getByRole("link", { name: /nothing|other/ }).count()).toBe(0);
  },
  { skip: !canNameHosts },
);
