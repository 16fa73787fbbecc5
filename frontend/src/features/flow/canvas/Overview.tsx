import { useStoreApi } from "@xyflow/react";
import { useEffect, useRef } from "react";
import { effectiveTheme, usePreferences } from "@/shared/preferences/preferences";
import { useProject } from "@/shared/project/projectStore";
import { useRuns } from "@/shared/runs/runStore";
import { shownOf } from "../model/collapse";
import { useSelection } from "../model/selection";
import { useDragging } from "./dragging";
import { paint, readColours } from "./paint";
import { MARGIN, shiftOf, type Picture } from "./picture";

const RUNS_REPAINT_MS = 80;

/** A large flow seen from far away, painted. It takes no pointer: see `useOverviewPointer`. */
export function Overview() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const flow = useStoreApi();
  const theme = usePreferences((state) => effectiveTheme(state.theme));
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d") ?? null;
    if (element === null || context === null) return undefined;
    const colours = readColours(element);
    let frame = 0;
    let painted: Picture | null = null;
    const draw = () => {
      frame = 0;
      const { transform, width: seenWidth, height: seenHeight } = flow.getState();
      const width = seenWidth + 2 * MARGIN;
      const height = seenHeight + 2 * MARGIN;
      const { graph, members } = shownOf(useProject.getState());
      const scene = {
        graph,
        members,
        runs: useRuns.getState().nodes,
        selected: useSelection.getState().nodes,
        dragged: useDragging.getState().positions,
      };
      const [x, y, zoom] = transform;
      const wanted = { scene, at: { x, y, zoom }, width, height };
      const shift = shiftOf(painted, wanted);
      element.style.transform = shift === null ? "" : `translate(${String(shift.x)}px, ${String(shift.y)}px)`;
      if (shift !== null) return;
      painted = wanted;
      const ratio = Math.min(2, window.devicePixelRatio);
      if (element.width !== width * ratio || element.height !== height * ratio) {
        element.width = width * ratio;
        element.height = height * ratio;
        element.style.width = `${String(width)}px`;
        element.style.height = `${String(height)}px`;
      }
      paint(context, scene, { x: x + MARGIN, y: y + MARGIN, zoom }, { width, height, ratio }, colours);
    };
    const request = () => {
      if (frame === 0) frame = requestAnimationFrame(draw);
    };
    // A run changes thousands of colours in a second; nobody reads more than some of them.
    let timer: ReturnType<typeof setTimeout> | undefined;
    const soon = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        request();
      }, RUNS_REPAINT_MS);
    };
    draw();
    const stops = [
      flow.subscribe(request),
      useProject.subscribe(request),
      useRuns.subscribe(soon),
      useSelection.subscribe(request),
      useDragging.subscribe(request),
    ];
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      for (const stop of stops) stop();
    };
  }, [flow, theme]);
  return (
    <canvas
      ref={canvas}
      aria-hidden
      style={{ left: -MARGIN, top: -MARGIN }}
      className="pointer-events-none absolute z-1 max-w-none will-change-transform"
    />
  );
}
