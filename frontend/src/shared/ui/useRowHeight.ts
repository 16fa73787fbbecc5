import { useSyncExternalStore } from "react";

const COARSE = "(pointer: coarse)";
/** What a finger hits; in classes it is `pointer-coarse:h-10`. */
const FINGER = 40;

function onPointer(changed: () => void): () => void {
  const media = window.matchMedia(COARSE);
  media.addEventListener("change", changed);
  return () => media.removeEventListener("change", changed);
}

/** How high the rows of a list are whose places are computed, in pixels: those for a mouse, or for a finger where that is what people have. */
export function useRowHeight(fine: number): number {
  const coarse = useSyncExternalStore(onPointer, () => window.matchMedia(COARSE).matches);
  return coarse ? Math.max(fine, FINGER) : fine;
}
