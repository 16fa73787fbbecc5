import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import type { TestProject } from "vitest/node";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const RESULTS = fileURLToPath(new URL("../results", import.meta.url));
const START_WITHIN_MS = 90_000;
const BROWSER_ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

declare module "vitest" {
  interface ProvidedContext {
    address: string;
    token: string;
    browser: string;
    deployment: string;
  }
}

/** The address that the server prints when it listens. */
async function printedAddress(server: ChildProcess): Promise<string> {
  if (server.stdout === null) throw new Error("The server has no output.");
  const lines = createInterface({ input: server.stdout });
  const late = setTimeout(() => server.kill("SIGKILL"), START_WITHIN_MS);
  try {
    for await (const line of lines) {
      const address = /(http:\/\/\S+)\/login\?token=/.exec(line)?.[1];
      if (address !== undefined) return address;
    }
  } finally {
    clearTimeout(late);
  }
  throw new Error("The server ended before it told its address; see its log in e2e/results/server.log.");
}

function ended(process: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (process.exitCode !== null || process.signalCode !== null) resolve();
    else process.once("exit", () => resolve());
  });
}

/** What a server leaves behind: containers and volumes that carry the label of its deployment. */
function removeLeftovers(deployment: string): void {
  const label = `label=org.aimforge.deployment=${deployment}`;
  const lines = (...args: string[]) => execFileSync("docker", args, { encoding: "utf8" }).split("\n").filter(Boolean);
  const containers = lines("ps", "-aq", "--filter", label);
  if (containers.length > 0) execFileSync("docker", ["rm", "-f", "-v", ...containers], { stdio: "ignore" });
  const volumes = lines("volume", "ls", "-q", "--filter", label);
  if (volumes.length > 0) execFileSync("docker", ["volume", "rm", "-f", ...volumes], { stdio: "ignore" });
}

/** One server with a data directory of its own and one browser, for the whole run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  mkdirSync(RESULTS, { recursive: true });
  const data = mkdtempSync(join(tmpdir(), "aimforge-e2e-"));
  const deployment = `e2e-${String(process.pid)}-${Date.now().toString(36)}`;
  const token = `e2e-${crypto.randomUUID()}`;
  const python = join(ROOT, ".venv/bin/python");
  if (!existsSync(python)) throw new Error("The Python environment is missing: run `make dev-environment` first.");
  const server = spawn(python, ["-m", "control_plane", "serve"], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      AIMFORGE_DATA_DIR: data,
      AIMFORGE_PORT: "0",
      AIMFORGE_TOKEN: token,
      AIMFORGE_DEPLOYMENT: deployment,
    },
  });
  const log = createWriteStream(join(RESULTS, "server.log"));
  server.stderr.pipe(log);
  const address = await printedAddress(server);
  server.stdout.pipe(log);
  const browser = await chromium.launchServer({
    executablePath: process.env["AIMFORGE_CHROMIUM"] ?? "/usr/bin/chromium",
    headless: true,
    args: BROWSER_ARGS,
  });
  project.provide("address", address);
  project.provide("token", token);
  project.provide("deployment", deployment);
  project.provide("browser", browser.wsEndpoint());
  return async () => {
    await browser.close();
    server.kill("SIGTERM");
    await ended(server);
    removeLeftovers(deployment);
    rmSync(data, { recursive: true, force: true });
  };
}
