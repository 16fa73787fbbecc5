import type { Scene, Transform } from "./paint";

/** Pixels painted beyond each edge of what is seen: as far as that, panning only moves the picture. */
export const MARGIN = 256;

/** What a canvas shows: a scene, seen from somewhere, in pixels of the page. */
export interface Picture {
  scene: Scene;
  at: Transform;
  width: number;
  height: number;
}

/** How far a picture has to be moved to show the same from somewhere else; null when it has to be painted anew. */
export function shiftOf(painted: Picture | null, wanted: Picture): { x: number; y: number } | null {
  if (painted === null || painted.at.zoom !== wanted.at.zoom) return null;
  if (painted.width !== wanted.width || painted.height !== wanted.height) return null;
  const { graph, members, runs, selected, dragged } = painted.scene;
  const { scene } = wanted;
  if (graph !== scene.graph || members !== scene.members || runs !== scene.runs) return null;
  if (selected !== scene.selected || dragged !== scene.dragged) return null;
  const shift = { x: wanted.at.x - painted.at.x, y: wanted.at.y - painted.at.y };
  return Math.abs(shift.x) <= MARGIN && Math.abs(shift.y) <= MARGIN ? shift : null;
}
