import type { LeftPanel } from "./workspace";

/** How panels share a window that has no room for all of them. */

interface Sides {
  left: LeftPanel | null;
  right: boolean;
}

/** Below this width, code beside both side panels would be a column of half lines. */
const CODE_AND_BOTH = 1360;
/** Below this width a project opens with the left panel only. */
const BOTH = 1180;
/** Below this width one side panel leaves the canvas enough, and none stays beside code. */
const ONE = 900;

/** The side panels that a project opens with. */
export function firstSides(width = window.innerWidth): Sides {
  return { left: width < ONE ? null : "palette", right: width >= BOTH };
}

/** The side panels that stay when the editor opens. */
export function sidesBesideCode({ left, right }: Sides, width = window.innerWidth): Sides {
  return { left: width < ONE ? null : left, right: width < CODE_AND_BOTH ? false : right };
}

/** The side panels once `wanted` was shown: on a narrow window the other one makes room. */
export function sidesWith(wanted: "left" | "right", sides: Sides, width = window.innerWidth): Sides {
  if (width >= ONE) return sides;
  return wanted === "left" ? { ...sides, right: false } : { ...sides, left: null };
}
