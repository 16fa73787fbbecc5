import type { Page } from "playwright-core";
import { expect } from "vitest";
import { openProject, scenario, type Stage } from "./support/scenario.ts";
import { nodeCalled, openCode, runAll, saved } from "./support/workbench.ts";

const BLINK_SEC = 0.001;
const WAITS = "import pathlib, time\n\n\ndef main():\n    print('waiting', flush=True)\n    while not pathlib.Path('go').exists():\n        time.sleep(0.1)\n    return 1\n";

/** What moves, or would when it changes: elements, their pseudo-elements, and animations that scripts started. */
async function moving(page: Page): Promise<string[]> {
  return page.evaluate((blink) => {
    const longest = (list: string) => Math.max(...list.split(",").map((part) => parseFloat(part) * (part.trim().endsWith("ms") ? 0.001 : 1)));
    const found = new Set<string>();
    for (const element of document.querySelectorAll("*")) {
      for (const part of ["", "::before", "::after"]) {
        const style = getComputedStyle(element, part === "" ? null : part);
        if (part !== "" && style.content === "none") continue;
        const name = `${element.tagName.toLowerCase()}.${(element.getAttribute("class") ?? "").split(" ").slice(0, 3).join(".")}${part}`;
        if (style.transitionProperty !== "none" && longest(style.transitionDuration) > blink) found.add(`${name} transition ${style.transitionDuration}`);
        if (style.animationName !== "none" && longest(style.animationDuration) > blink) found.add(`${name} ${style.animationName} ${style.animationDuration}`);
        if (style.scrollBehavior === "smooth") found.add(`${name} scrolls smoothly`);
      }
    }
    for (const animation of document.getAnimations()) {
      const length = Number(animation.effect?.getComputedTiming().endTime ?? 0);
      if (length > blink * 1_000) found.add(`an animation of ${String(length)} ms`);
    }
    return [...found];
  }, BLINK_SEC);
}

/** Every kind of view, with something going on in it. */
async function everywhere(stage: Stage, page: Page, look: (view: string) => Promise<void>): Promise<void> {
  await page.getByRole("button", { name: "New project" }).waitFor();
  await look("the list of projects");
  const id = await stage.project("Moving", {
    nodes: [
      { id: "wait", title: "Wait", code: WAITS },
      { id: "end", title: "End", kind: "result", x: 340 },
    ],
    edges: [["wait", "end"]],
  });
  await openProject(page, id);
  await runAll(page);
  await nodeCalled(page, "Wait").getByText("waiting").waitFor();
  await look("a run that goes on");
  await openCode(page, "Wait");
  await saved(page);
  await look("the editor");
  await page.keyboard.press("Control+Shift+P");
  await page.getByRole("combobox", { name: "Command palette" }).waitFor();
  await look("the command palette");
  await page.keyboard.press("Escape");
  await stage.write(id, "go", "");
}

scenario("who asks for less motion sees none", async (stage) => {
  const page = await stage.page();
  await everywhere(stage, page, async (view) => {
    expect(await moving(page), view).toEqual([]);
  });
});

scenario("who does not ask sees what runs move", async (stage) => {
  const page = await stage.page({ motion: true });
  const seen = new Map<string, string[]>();
  await everywhere(stage, page, async (view) => {
    seen.set(view, await moving(page));
  });
  expect(seen.get("a run that goes on")?.join(" ")).toContain("spin");
  expect(seen.get("the list of projects")?.join(" ")).toContain("transition");
});
