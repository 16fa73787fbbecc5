import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { ended, environmentsPython, ROOT } from "./server.ts";

const START_WITHIN_MS = 60_000;

export interface Provider {
  /** What a server needs to know of it. */
  settings: Readonly<Record<string, string>>;
  end: () => Promise<void>;
}

/** The identity provider of the tests, as a program of its own. Who signs in is chosen on its page. */
export async function startProvider(): Promise<Provider> {
  const folder = mkdtempSync(join(tmpdir(), "aimforge-provider-"));
  const file = join(folder, "issuer.json");
  const provider = spawn(environmentsPython(), [join(ROOT, "tests/integration/people/provider.py"), file], { stdio: "ignore" });
  const deadline = Date.now() + START_WITHIN_MS;
  while (!existsSync(file)) {
    if (provider.exitCode !== null || Date.now() > deadline) throw new Error("The identity provider of the tests did not start.");
    await wait(50);
  }
  const issuer: unknown = JSON.parse(readFileSync(file, "utf8"));
  return {
    settings: { AIMFORGE_OIDC_ISSUER: String(issuer), AIMFORGE_OIDC_CLIENT_ID: "forge", AIMFORGE_OIDC_CLIENT_SECRET: "a-client-secret" },
    end: async () => {
      provider.kill("SIGKILL");
      await ended(provider);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
