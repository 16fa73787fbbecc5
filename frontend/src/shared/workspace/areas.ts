import { controlsIn } from "@/shared/keyboard/controls";

/** The parts of a project's page, in the order in which they are read. */
export type Area = "header" | "left" | "canvas" | "editor" | "bottom" | "right" | "status";

function areas(): Element[] {
  return [...document.querySelectorAll("[data-area]")].filter((area) => controlsIn(area).length > 0);
}

/** Put the focus on the first thing of an area: the tab in front, where it has tabs. Nothing while it is shut. */
export function focusArea(name: Area): void {
  const area = document.querySelector(`[data-area=${name}]`);
  if (area !== null) controlsIn(area)[0]?.focus();
}

/** The same once the area that was asked for a moment ago is there. */
export function focusAreaSoon(name: Area): void {
  requestAnimationFrame(() => focusArea(name));
}

/** Go to the next area that has something in it, or to the one before. */
export function stepArea(by: 1 | -1): void {
  const all = areas();
  const at = all.findIndex((area) => area.contains(document.activeElement));
  const to = at < 0 ? (by === 1 ? 0 : all.length - 1) : (at + by + all.length) % all.length;
  const area = all[to];
  if (area !== undefined) controlsIn(area)[0]?.focus();
}
