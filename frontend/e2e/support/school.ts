import type { Page } from "playwright-core";
import { inject } from "vitest";
import { field } from "./api.ts";
import type { Preferences, Stage } from "./scenario.ts";

/** Somebody who is signed in at the school, as a program: what a scenario need not do by hand. */
export class Somebody {
  readonly login: string;
  readonly password: string;
  readonly name: string;
  readonly #cookie: string;

  private constructor(login: string, password: string, name: string, cookie: string) {
    this.login = login;
    this.password = password;
    this.name = name;
    this.#cookie = cookie;
  }

  static async signIn(login: string, password: string, name = login): Promise<Somebody> {
    const headers = { "Content-Type": "application/json", Origin: inject("school") };
    const response = await fetch(`${inject("school")}/api/session`, { method: "POST", headers, body: JSON.stringify({ login, password }) });
    if (!response.ok) throw new Error(`${login} was not let in: ${await response.text()}`);
    return new Somebody(login, password, name, response.headers.getSetCookie()[0]?.split(";")[0] ?? "");
  }

  static admin(): Promise<Somebody> {
    const { login, password } = inject("admin");
    return Somebody.signIn(login, password);
  }

  /** Ask for something; throws what was refused. */
  async ask(method: string, path: string, json?: unknown): Promise<unknown> {
    const response = await fetch(`${inject("school")}${path}`, {
      method,
      headers: { Cookie: this.#cookie, Origin: inject("school"), ...(json === undefined ? {} : { "Content-Type": "application/json" }) },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${String(response.status)} ${await response.text()}`);
    const text = await response.text();
    const body: unknown = text === "" ? null : JSON.parse(text);
    return body;
  }

  /** The id of what is made. */
  async make(path: string, json: unknown): Promise<string> {
    const id = field(await this.ask("POST", path, json), "id");
    if (typeof id !== "string") throw new Error(`${path} made nothing that has an id.`);
    return id;
  }

  /** Save a node's code. */
  async write(project: string, node: string, code: string): Promise<void> {
    const headers = { Cookie: this.#cookie, Origin: inject("school"), "Content-Type": "text/x-python" };
    const response = await fetch(`${inject("school")}/api/project/${project}/nodes/${node}/code`, { method: "PUT", headers, body: code });
    if (!response.ok) throw new Error(`The code was not saved: ${await response.text()}`);
  }

  /** Save a file into a project's workspace; null removes it. */
  async file(project: string, path: string, body: Uint8Array<ArrayBuffer> | null): Promise<void> {
    const headers = { Cookie: this.#cookie, Origin: inject("school") };
    const at = `${inject("school")}/api/project/${project}/files${body === null ? "" : "/content"}?path=${encodeURIComponent(path)}`;
    const response = await fetch(at, { method: body === null ? "DELETE" : "PUT", headers, body });
    if (!response.ok) throw new Error(`${path} was not changed: ${await response.text()}`);
  }

  /** Make an account, and sign in with it. Only for an administrator. */
  async add(name: string, role: "teacher" | "student"): Promise<Somebody> {
    const login = `${name.toLowerCase().replaceAll(/\W+/g, ".")}.${crypto.randomUUID().slice(0, 6)}`;
    const password = `e2e ${crypto.randomUUID()}`;
    await this.ask("POST", "/api/people", { login, name, role, password });
    return Somebody.signIn(login, password, name);
  }

  /** A page of a browser of their own, at a path. */
  async page(stage: Stage, path: string, preferences?: Preferences): Promise<Page> {
    const page = await stage.blankPage(preferences);
    const [name = "", value = ""] = this.#cookie.split("=");
    await page.context().addCookies([{ name, value, url: inject("school"), httpOnly: true, sameSite: "Strict" }]);
    await page.goto(`${inject("school")}${path}`);
    return page;
  }
}
