import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const RESULTS = fileURLToPath(new URL("../results", import.meta.url));
const START_WITHIN_MS = 90_000;

export interface Server {
  address: string;
  deployment: string;
  /** Runs `aimforge` on the server's data, with something on its standard input. */
  command: (args: readonly string[], input: string) => void;
  end: () => Promise<void>;
}

/** The address that the server prints when it listens. */
async function printedAddress(server: ChildProcess): Promise<string> {
  if (server.stdout === null) throw new Error("The server has no output.");
  const lines = createInterface({ input: server.stdout });
  const late = setTimeout(() => server.kill("SIGKILL"), START_WITHIN_MS);
  try {
    for await (const line of lines) {
      const address = /^AIM-Forge is at (http:\/\/[^/\s]+)/.exec(line)?.[1];
      if (address !== undefined) return address;
    }
  } finally {
    clearTimeout(late);
  }
  throw new Error("The server ended before it told its address; see its log in e2e/results.");
}

export function ended(process: ChildProcess): Promise<void> {
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

export function environmentsPython(): string {
  const python = join(ROOT, ".venv/bin/python");
  if (!existsSync(python)) throw new Error("The Python environment is missing: run `make dev-environment` first.");
  return python;
}

/** What an `aimforge` command prints. */
export function printed(args: readonly string[]): string {
  return execFileSync(environmentsPython(), ["-m", "control_plane", ...args], { cwd: ROOT, encoding: "utf8" }).trim();
}

/** The file takes the place of `/etc/hosts`, for this command alone. */
function withHosts(hosts: string, command: readonly string[]): [string, string[]] {
  return ["unshare", ["--mount", "sh", "-c", `mount --bind "${hosts}" /etc/hosts && exec "$@"`, "sh", ...command]];
}

/** A server with a data directory of its own, and with `/etc/hosts` of its own if asked for. Its log is `e2e/results/NAME.log`. */
export async function startServer(name: string, settings: Readonly<Record<string, string>>, hosts?: string): Promise<Server> {
  mkdirSync(RESULTS, { recursive: true });
  const data = mkdtempSync(join(tmpdir(), "aimforge-e2e-"));
  const deployment = `e2e-${name}-${String(process.pid)}-${Date.now().toString(36)}`;
  const python = environmentsPython();
  const env = { ...process.env, AIMFORGE_DATA_DIR: data, AIMFORGE_PORT: "0", AIMFORGE_DEPLOYMENT: deployment, ...settings };
  const serve = ["-m", "control_plane", "serve"];
  const [program, args] = hosts === undefined ? [python, serve] : withHosts(hosts, [python, ...serve]);
  const server = spawn(program, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"], env });
  const log = createWriteStream(join(RESULTS, `${name}.log`));
  server.stderr.pipe(log);
  const address = await printedAddress(server);
  server.stdout.pipe(log);
  return {
    address,
    deployment,
    command: (args, input) => execFileSync(python, ["-m", "control_plane", ...args], { cwd: ROOT, env, input, stdio: ["pipe", "ignore", "inherit"] }),
    end: async () => {
      server.kill("SIGTERM");
      await ended(server);
      removeLeftovers(deployment);
      rmSync(data, { recursive: true, force: true });
    },
  };
}
