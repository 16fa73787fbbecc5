import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";

/** A host that serves Git repositories over TLS, under a name that only a server with its `hosts` file knows. */
export interface GitHost {
  name: string;
  port: number;
  /** To be mounted over the server's own `/etc/hosts`. */
  hosts: string;
  /** The image of sandboxes, made to trust the host. */
  image: string;
  publish: (repository: string, files: ReadonlyMap<string, string>) => string;
  end: () => Promise<void>;
}

const BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

/** Only who may give a server an `/etc/hosts` of its own can have a host that it finds by name. */
export const canNameHosts = process.getuid?.() === 0 && spawnSync("unshare", ["--mount", "true"]).status === 0;

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}

function certify(folder: string, name: string): { key: string; cert: string } {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  run("openssl", "req", "-x509", ...curve, "-nodes", "-keyout", key, "-out", cert, "-days", "2", ...subject);
  return { key, cert };
}

/** The sandbox image with one more certificate that it trusts. */
function trusting(image: string, folder: string, certificate: string): string {
  const trusted = `aimforge-e2e-git:${String(process.pid)}-${Date.now().toString(36)}`;
  const container = run("docker", "create", image);
  try {
    const bundle = join(folder, "bundle.crt");
    run("docker", "cp", `${container}:${BUNDLE}`, bundle);
    writeFileSync(bundle, `${readFileSync(bundle, "utf8")}\n${readFileSync(certificate, "utf8")}`, { mode: 0o644 });
    run("docker", "cp", bundle, `${container}:${BUNDLE}`);
    run("docker", "commit", container, trusted);
  } finally {
    run("docker", "rm", "-f", container);
  }
  return trusted;
}

/** Hand a request to Git's own server, which speaks as programs did that a web server started for each request. */
async function answer(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path = "/", query = ""] = (request.url ?? "/").split("?");
  const header = (name: string) => String(request.headers[name] ?? "");
  const body = await buffer(request);
  const backend = spawn("git", ["http-backend"], {
    stdio: ["pipe", "pipe", "ignore"],
    env: {
      PATH: process.env["PATH"],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_PROTOCOL: header("git-protocol"),
      HTTP_CONTENT_ENCODING: header("content-encoding"),
      REQUEST_METHOD: request.method ?? "GET",
      PATH_INFO: path,
      QUERY_STRING: query,
      CONTENT_TYPE: header("content-type"),
      CONTENT_LENGTH: String(body.length),
    },
  });
  backend.stdin.end(body);
  const said = await buffer(backend.stdout);
  const end = said.indexOf("\r\n\r\n");
  const headers = new Map(
    said
      .toString("latin1", 0, end)
      .split("\r\n")
      .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)] as const),
  );
  const status = Number.parseInt(headers.get("Status") ?? "200", 10);
  headers.delete("Status");
  response.writeHead(status, Object.fromEntries(headers)).end(said.subarray(end + 4));
}

function commit(root: string, repository: string, files: ReadonlyMap<string, string>): void {
  const work = join(root, `${repository}-work`);
  for (const [path, text] of files) {
    mkdirSync(dirname(join(work, path)), { recursive: true });
    writeFileSync(join(work, path), text);
  }
  const git = ["-c", "user.name=Ada", "-c", "user.email=ada@stand-in.example", "-c", "commit.gpgsign=false", "-C", work];
  run("git", "init", "-q", "-b", "main", work);
  run("git", ...git, "add", "--all", "--force");
  run("git", ...git, "commit", "-q", "-m", "One");
  run("git", "clone", "-q", "--bare", work, join(root, `${repository}.git`));
}

export async function gitHost(name: string, sandboxImage: string): Promise<GitHost> {
  const folder = mkdtempSync(join(tmpdir(), "aimforge-e2e-git-"));
  const root = join(folder, "repositories");
  mkdirSync(root);
  const { key, cert } = certify(folder, name);
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    answer(root, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const hosts = join(folder, "hosts");
  writeFileSync(hosts, `${readFileSync("/etc/hosts", "utf8")}\n127.0.0.1 ${name}\n`);
  const image = trusting(sandboxImage, folder, cert);
  return {
    name,
    port,
    hosts,
    image,
    publish: (repository, files) => {
      commit(root, repository, files);
      return `https://${name}:${String(port)}/${repository}.git`;
    },
    end: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      run("docker", "rmi", "-f", image);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
