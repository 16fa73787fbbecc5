import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";

const MOST_TABS = 40;

export async function isFocused(wanted: Locator): Promise<boolean> {
  return (await wanted.count()) > 0 && wanted.first().evaluate((element) => element === document.activeElement);
}

/** What has the focus and does not show it, as its HTML; empty where all is well. */
export function unseenFocus(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    // The browser itself shows which part of a time has it; an item of a menu has a background of its own, and a divider a bar.
    const own = "[type=datetime-local], [role=menu], [role=menuitem][data-highlighted], [role=separator]";
    if (element === null || element === document.body || element.matches(own)) return "";
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const { width, height } = element.getBoundingClientRect();
    return outlineStyle === "none" || outlineWidth === "0px" || width === 0 || height === 0 ? element.outerHTML.slice(0, 200) : "";
  });
}

/** Go to something by Tab alone. What has the focus on the way there has to be seen to have it. */
export async function tabTo(page: Page, wanted: Locator, key = "Tab"): Promise<void> {
  await wanted.first().waitFor();
  for (let pressed = 0; pressed < MOST_TABS; pressed += 1) {
    if (await isFocused(wanted)) return;
    await page.keyboard.press(key);
    const at = await unseenFocus(page);
    expect(at, "has the focus, and does not show it").toBe("");
  }
  throw new Error(`${String(MOST_TABS)} times Tab do not lead to ${wanted.toString()}.`);
}

/** Go to a button or link, and press it. */
export async function press(page: Page, wanted: Locator): Promise<void> {
  await tabTo(page, wanted);
  await page.keyboard.press("Enter");
}
