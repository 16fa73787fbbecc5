import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, inject, test } from "vitest";
import { deleteProject, drawGraph, makeProject, readFile, writeFile, type GraphSpec } from "./api.ts";

export const PICTURES = fileURLToPath(new URL("../results/pictures", import.meta.url));
/** Only a hang is a failure: the machine may be busy with other things. */
export const WITHIN_MS = Number(process.env["AIMFORGE_E2E_WITHIN_MS"] ?? 75_000);
export type Theme = "dark" | "light" | "contrast";

export interface Preferences {
  theme?: Theme;
  language?: "en" | "ko";
  minimap?: boolean;
  /** As people have it who did not ask for less motion; the scenarios do, so as not to wait for it. */
  motion?: boolean;
  /** A tablet, held upright. */
  tablet?: boolean;
}

let browser: Promise<Browser> | undefined;
afterAll(async () => {
  await (await browser)?.close();
  browser = undefined;
});

/** What a scenario works with: pages that are signed in, and projects that go with it. */
export class Stage {
  readonly #contexts: BrowserContext[] = [];
  readonly #projects: string[] = [];

  /** A page of a browser of its own, signed in. */
  async page(preferences: Preferences = {}): Promise<Page> {
    const page = await this.blankPage(preferences);
    await page.goto(`${inject("address")}/login?token=${inject("token")}`);
    return page;
  }

  /** A page of a browser that nobody used before. */
  async blankPage({ theme = "dark", language = "en", minimap = false, motion = false, tablet = false }: Preferences = {}): Promise<Page> {
    browser ??= chromium.connect(inject("browser"));
    const context = await (await browser).newContext({
      ...(tablet ? { viewport: { width: 768, height: 1024 }, hasTouch: true, isMobile: true } : { viewport: { width: 1280, height: 720 } }),
      reducedMotion: motion ? "no-preference" : "reduce",
      locale: language === "en" ? "en-GB" : "ko-KR",
    });
    this.#contexts.push(context);
    context.setDefaultTimeout(WITHIN_MS);
    const preferences = JSON.stringify({ theme, language, minimap });
    await context.addInitScript(`localStorage.setItem("aimforge.preferences", ${JSON.stringify(preferences)})`);
    return context.newPage();
  }

  async project(name: string, graph?: GraphSpec, template?: string): Promise<string> {
    const id = await makeProject(name, graph, template);
    this.#projects.push(id);
    return id;
  }

  /** A project that the page itself made: it is deleted with the others. */
  adopt(page: Page): string {
    const id = /\/project\/([^/?#]+)/.exec(page.url())?.[1] ?? "";
    this.#projects.push(id);
    return id;
  }

  /** A new project, open in a new page. */
  async open(name: string, graph?: GraphSpec, preferences?: Preferences): Promise<{ page: Page; id: string }> {
    const [page, id] = await Promise.all([this.page(preferences), this.project(name, graph)]);
    await openProject(page, id);
    return { page, id };
  }

  /** Save a file into a project's workspace. */
  write(id: string, path: string, text: string): Promise<void> {
    return writeFile(id, path, text);
  }

  read(id: string, path: string): Promise<string> {
    return readFile(id, path);
  }

  draw(id: string, graph: GraphSpec): Promise<void> {
    return drawGraph(id, graph);
  }

  async end(failed: boolean, name: string): Promise<void> {
    const last = this.#contexts.at(-1)?.pages()[0];
    if (failed && last !== undefined) await picture(last, `failed-${name}`).catch(() => undefined);
    await Promise.all(this.#contexts.map((context) => context.close()));
    await Promise.allSettled(this.#projects.map((id) => deleteProject(id)));
  }
}

export async function openProject(page: Page, id: string): Promise<void> {
  await page.goto(`${inject("address")}/project/${id}`);
  await page.locator("[data-scope=canvas]").waitFor();
}

/** Keep what the page shows, for people to look at. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name.replaceAll(/\W+/g, "-")}.png`) });
}

/** A test on a stage of its own, which is cleared whatever happens. */
export function scenario(name: string, run: (stage: Stage) => Promise<void>, { skip = false } = {}): void {
  test.skipIf(skip)(name, async () => {
    const stage = new Stage();
    let failed = true;
    try {
      await run(stage);
      failed = false;
    } finally {
      await stage.end(failed, name);
    }
  });
}
