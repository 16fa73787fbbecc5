import { chromium } from "playwright-core";
import type { TestProject } from "vitest/node";
import { startProvider } from "./provider.ts";
import { startServer } from "./server.ts";

const BROWSER_ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** Hashing a password need not be slow where nothing is to be guarded. */
const CHEAP = { AIMFORGE_ARGON2_MEMORY_KIB: "64", AIMFORGE_ARGON2_PASSES: "1" };
/** The school's own provider lets its people in; what they hand in is small, so that too much is soon reached. */
const SCHOOL = { AIMFORGE_MODE: "hosted", AIMFORGE_REGISTRATION: "invite", AIMFORGE_OIDC_ALLOW: "@school.example", AIMFORGE_MAX_ARCHIVE_MB: "1" };

declare module "vitest" {
  interface ProvidedContext {
    address: string;
    token: string;
    browser: string;
    deployment: string;
    /** Another server, where people have accounts. */
    school: string;
    /** The login and password of its administrator. */
    admin: { login: string; password: string };
  }
}

/** One server for one person, one for a school with its identity provider, each with a data directory of its own, and one browser for the whole run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const token = `e2e-${crypto.randomUUID()}`;
  const admin = { login: "root", password: `e2e ${crypto.randomUUID()}` };
  const provider = await startProvider();
  const [one, school, browser] = await Promise.all([
    startServer("server", { AIMFORGE_TOKEN: token }),
    startServer("school", { ...SCHOOL, ...CHEAP, ...provider.settings }),
    chromium.launchServer({
      executablePath: process.env["AIMFORGE_CHROMIUM"] ?? "/usr/bin/chromium",
      headless: true,
      args: BROWSER_ARGS,
    }),
  ]);
  school.command(["user", "add", admin.login, "--role", "admin", "--name", "Administrator", "--password-stdin"], admin.password);
  project.provide("address", one.address);
  project.provide("token", token);
  project.provide("deployment", one.deployment);
  project.provide("school", school.address);
  project.provide("admin", admin);
  project.provide("browser", browser.wsEndpoint());
  return async () => {
    await browser.close();
    await Promise.all([one.end(), school.end(), provider.end()]);
  };
}
