import { ReactFlowProvider } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { useEffect, useRef, useState, type DragEvent, type MouseEvent, type RefObject } from "react";
import { t } from "@/shared/i18n/i18n";
import { useProject } from "@/shared/project/projectStore";
import { EmptyState } from "@/shared/ui/states";
import { ContextMenu } from "@/shared/ui/Menu";
import { shownGraph } from "../model/actions";
import { addWhereDropped } from "../model/adding";
import { useAnnouncement } from "../model/announce";
import { PALETTE_DRAG_TYPE, paletteItem } from "../model/palette";
import { select, useSelection } from "../model/selection";
import { openPopup, useView } from "../model/view";
import { CanvasToolbar } from "./CanvasToolbar";
import { contextItems } from "./contextItems";
import "./flow.css";
import { FlowSurface } from "./FlowSurface";
import { nodeAt } from "./paint";
import { Popups } from "./Popups";
import { useCanvasCommands } from "./useCanvasCommands";
import { usePasting } from "./usePasting";

function Announcements() {
  const text = useAnnouncement((state) => state.text);
  return (
    <p aria-live="polite" className="sr-only">
      {text}
    </p>
  );
}

function dropItem(event: DragEvent): void {
  const item = paletteItem(event.dataTransfer.getData(PALETTE_DRAG_TYPE));
  const { view } = useView.getState();
  if (item === undefined || view === null) return;
  event.preventDefault();
  addWhereDropped(item, view.toCanvas({ x: event.clientX, y: event.clientY }));
}

/** A node that goes takes the focus with it: the canvas takes it back, so that the next key still means the flow. */
function useKeptFocus(scope: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    let inside = false;
    const follow = (event: FocusEvent) => {
      inside = event.target instanceof Element && scope.current?.contains(event.target) === true;
    };
    document.addEventListener("focusin", follow);
    const stop = useProject.subscribe(() =>
      requestAnimationFrame(() => {
        if (inside && document.activeElement === document.body) scope.current?.focus({ preventScroll: true });
      }),
    );
    return () => {
      document.removeEventListener("focusin", follow);
      stop();
    };
  }, [scope]);
}

/** The flow: its surface, its tools and its lists. */
export function FlowCanvas() {
  const empty = useProject((state) => state.nodes.size === 0);
  const scope = useRef<HTMLDivElement>(null);
  const [menuAt, setMenuAt] = useState({ x: 0, y: 0 });
  useSelection();
  useCanvasCommands();
  useKeptFocus(scope);
  usePasting();
  const pressed = useRef({ x: 0, y: 0 });
  const press = ({ clientX: x, clientY: y }: MouseEvent) => {
    pressed.current = { x, y };
  };
  // A long press tells of no right click on every device.
  const openMenu = () => {
    const point = pressed.current;
    setMenuAt(point);
    const { view } = useView.getState();
    const hit = view === null ? undefined : nodeAt(shownGraph(), view.toCanvas(point));
    if (hit === undefined) select([]);
    else if (!useSelection.getState().nodes.has(hit.id)) select([hit.id]);
  };
  return (
    <ReactFlowProvider>
      <ContextMenu items={contextItems(menuAt)} onOpen={openMenu}>
        <div
          ref={scope}
          role="application"
          data-scope="canvas"
          tabIndex={0}
          aria-label={t("flow.canvasLabel")}
          className="relative h-full bg-canvas outline-offset-[-3px]"
          onContextMenu={press}
          onPointerDown={(event) => {
            press(event);
            if (scope.current?.contains(document.activeElement) !== true) scope.current?.focus({ preventScroll: true });
          }}
          onDragOver={(event) => {
            if (event.dataTransfer.types.includes(PALETTE_DRAG_TYPE)) event.preventDefault();
          }}
          onDrop={dropItem}
          onDoubleClick={(event) => {
            const { view } = useView.getState();
            if (view === null || !(event.target instanceof Element) || event.target.closest(".react-flow__pane") === null) return;
            const screen = { x: event.clientX, y: event.clientY };
            openPopup({ kind: "add", screen, at: view.toCanvas(screen) });
          }}
        >
          <FlowSurface />
          <CanvasToolbar />
          {empty && (
            <div className="pointer-events-none absolute inset-0">
              <EmptyState title={t("flow.empty")}>{t("flow.emptyHint")}</EmptyState>
            </div>
          )}
          <Announcements />
        </div>
      </ContextMenu>
      <Popups />
    </ReactFlowProvider>
  );
}
