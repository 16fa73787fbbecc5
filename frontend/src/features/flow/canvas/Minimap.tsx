import { useReactFlow, useStore, type ReactFlowState } from "@xyflow/react";
import { useEffect, useRef, type PointerEvent } from "react";
import { useShallow } from "zustand/react/shallow";
import { t } from "@/shared/i18n/i18n";
import { effectiveTheme, usePreferences } from "@/shared/preferences/preferences";
import { useProject } from "@/shared/project/projectStore";
import { useRuns } from "@/shared/runs/runStore";
import { shownOf } from "../model/collapse";
import { bounds, type Rect } from "../model/geometry";
import { paint, readColours } from "./paint";

const WIDTH = 176;
const HEIGHT = 112;
const PADDING = 8;
/** Runs change often; the small picture may be a little late. */
const REPAINT_MS = 250;

function scaleOf(area: Rect): { zoom: number; x: number; y: number } {
  const zoom = Math.min((WIDTH - 2 * PADDING) / Math.max(1, area.width), (HEIGHT - 2 * PADDING) / Math.max(1, area.height), 0.25);
  return {
    zoom,
    x: (WIDTH - area.width * zoom) / 2 - area.x * zoom,
    y: (HEIGHT - area.height * zoom) / 2 - area.y * zoom,
  };
}

function seen({ transform: [x, y, zoom], width, height }: ReactFlowState): Rect {
  return { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
}

const EMPTY: Rect = { x: 0, y: 0, width: 400, height: 300 };

/** The whole flow in a corner, painted; a press goes there. */
export function Minimap() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { graph, members } = useProject(shownOf);
  const { nodes } = graph;
  const theme = usePreferences((state) => effectiveTheme(state.theme));
  const viewport = useStore(useShallow(seen));
  const { setCenter, getZoom } = useReactFlow();
  const area = bounds(nodes.values()) ?? EMPTY;
  const { zoom, x, y } = scaleOf(area);
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d") ?? null;
    if (element === null || context === null) return undefined;
    const colours = readColours(element);
    const ratio = Math.min(2, window.devicePixelRatio);
    element.width = WIDTH * ratio;
    element.height = HEIGHT * ratio;
    const draw = () => {
      const scene = { graph, members, runs: useRuns.getState().nodes, selected: new Set<string>(), dragged: new Map() };
      paint(context, scene, scaleOf(bounds(graph.nodes.values()) ?? EMPTY), { width: WIDTH, height: HEIGHT, ratio }, colours);
    };
    draw();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = useRuns.subscribe(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        draw();
      }, REPAINT_MS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [graph, members, theme]);
  const go = (event: PointerEvent<HTMLElement>) => {
    if (event.buttons !== 1) return;
    const box = event.currentTarget.getBoundingClientRect();
    void setCenter((event.clientX - box.left - x) / zoom, (event.clientY - box.top - y) / zoom, { zoom: getZoom() });
  };
  const frame = {
    left: viewport.x * zoom + x,
    top: viewport.y * zoom + y,
    width: viewport.width * zoom,
    height: viewport.height * zoom,
  };
  return (
    <div
      role="img"
      aria-label={t("flow.minimap")}
      className="nopan absolute right-3 bottom-3 z-5 cursor-pointer overflow-hidden rounded-lg border border-line bg-panel/90 shadow-card"
      style={{ width: WIDTH, height: HEIGHT }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        go(event);
      }}
      onPointerMove={go}
    >
      <canvas ref={canvas} className="size-full" />
      <div aria-hidden className="absolute rounded-sm border border-accent/70" style={frame} />
    </div>
  );
}
