import {
  ConnectionLineType,
  ReactFlow,
  SelectionMode,
  useReactFlow,
  useStore,
  type AriaLabelConfig,
  type Connection,
  type EdgeTypes,
  type FinalConnectionState,
  type NodeTypes,
} from "@xyflow/react";
import { useEffect, useRef, useState } from "react";
import { t } from "@/shared/i18n/i18n";
import { usePreferences } from "@/shared/preferences/preferences";
import { useMayEdit, useProject } from "@/shared/project/projectStore";
import { connectPorts, graph, refusalText, revealed, shownGraph } from "../model/actions";
import { notify } from "@/shared/ui/toasts";
import { bounds, isCollapsed, type Rect } from "../model/geometry";
import { connectable, refusal, type Wire } from "../model/graph";
import { select } from "../model/selection";
import { openPopup, useView } from "../model/view";
import { CodeNode } from "../nodes/CodeNode";
import { GroupNode } from "../nodes/GroupNode";
import { InputNode } from "../nodes/InputNode";
import { NoteNode } from "../nodes/NoteNode";
import { ResultNode } from "../nodes/ResultNode";
import { Dots } from "./Dots";
import { drop, edgesChanged, nodesChanged } from "./dragging";
import { FlowEdgeLine } from "./FlowEdge";
import { Minimap } from "./Minimap";
import { Overview } from "./Overview";
import { pressOnOverview } from "./overviewPointer";
import { nodeAt } from "./paint";
import { NODE_KEYS_ID } from "./flowItems";
import { useFlowItems, useOverview } from "./useFlowItems";

const NODE_TYPES: NodeTypes = {
  "aim-code": CodeNode,
  "aim-input": InputNode,
  "aim-result": ResultNode,
  "aim-note": NoteNode,
  "aim-group": GroupNode,
};
const EDGE_TYPES: EdgeTypes = { flow: FlowEdgeLine };
const SNAP: [number, number] = [8, 8];
const MIN_ZOOM = 0.04;
const MAX_ZOOM = 2;
const FIT_PADDING = 0.05;
/** Pixels at the edges of the canvas that new nodes keep free, and at its upper edge, where its tools are. */
const SEEN_MARGIN = 12;
const TOOLS_HEIGHT = 60;
/** A lower canvas has no room for a small map. */
const MINIMAP_FROM = 420;
const FIT_MAX_ZOOM = 1.1;

function wireOf({ source, target, sourceHandle, targetHandle }: { source: string; target: string; sourceHandle?: string | null; targetHandle?: string | null }): Wire {
  return { source, target, sourcePort: sourceHandle ?? "output", targetPort: targetHandle ?? "" };
}

function mayConnect(connection: Parameters<typeof wireOf>[0]): boolean {
  const why = refusal(graph(), wireOf(connection));
  return why === null || why === "taken";
}

function connected(connection: Connection): void {
  connectPorts(wireOf(connection));
}

/** A wire was let go: on a port that does not take it, on a node, or on empty space. */
function connectionEnded(event: MouseEvent | TouchEvent, state: FinalConnectionState): void {
  const { fromHandle, toHandle } = state;
  if (fromHandle === null || state.isValid === true || fromHandle.type !== "source") return;
  const source = { source: fromHandle.nodeId, sourcePort: fromHandle.id ?? "output" };
  if (toHandle !== null) {
    const why = refusal(graph(), { ...source, target: toHandle.nodeId, targetPort: toHandle.id ?? "" });
    if (why !== null) notify({ kind: "error", message: refusalText(why) });
    return;
  }
  const point = "changedTouches" in event ? event.changedTouches[0] : event;
  const { view } = useView.getState();
  if (point === undefined || view === null) return;
  const screen = { x: point.clientX, y: point.clientY };
  const hit = nodeAt(shownGraph(), view.toCanvas(screen));
  if (hit !== undefined && isCollapsed(hit)) {
    openPopup({ kind: "connect", nodeId: source.source });
    return;
  }
  if (hit === undefined || hit.kind === "group") {
    openPopup({ kind: "add", screen, at: view.toCanvas(screen), from: source });
    return;
  }
  if (hit.id === source.source) return;
  const choice = connectable(graph(), source.source).find(
    (other) => other.target === hit.id && other.sourcePort === source.sourcePort,
  );
  if (choice !== undefined) connectPorts(choice);
}

/** What XYFlow says to screen readers, in the reader's language; the app is mounted anew when that changes. */
function spoken(): Partial<AriaLabelConfig> {
  return {
    "node.a11yDescription.ariaLiveMessage": ({ x, y }) => t("flow.nodeMoved", { x: Math.round(x), y: Math.round(y) }),
    "edge.a11yDescription.default": t("flow.edgeKeys"),
  };
}

/** Registers what others may ask of the viewport, and fits the flow when it is first seen. */
function useViewHandle(): void {
  const flow = useReactFlow();
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const loaded = useProject((state) => state.loaded);
  const fitted = useRef(false);
  const size = useRef({ width, height });
  useEffect(() => {
    size.current = { width, height };
  }, [width, height]);
  useEffect(() => {
    const middle = () => {
      const { x, y, zoom } = flow.getViewport();
      return { x: (size.current.width / 2 - x) / zoom, y: (size.current.height / 2 - y) / zoom };
    };
    const fitRect = (rect: Rect) => {
      const { width: across, height: down } = size.current;
      const inner = 1 - 2 * FIT_PADDING;
      const zoom = Math.max(MIN_ZOOM, Math.min(FIT_MAX_ZOOM, (across * inner) / rect.width, (down * inner) / rect.height));
      void flow.setViewport({
        zoom,
        x: across / 2 - (rect.x + rect.width / 2) * zoom,
        y: down / 2 - (rect.y + rect.height / 2) * zoom,
      });
    };
    const fit = (ids?: readonly string[]) => {
      const { nodes } = shownGraph();
      const rect = bounds(ids === undefined ? nodes.values() : ids.flatMap((id) => nodes.get(id) ?? []));
      if (rect !== null) fitRect(rect);
    };
    const show = (wanted: string) => {
      const id = revealed(wanted);
      const rect = bounds([graph().nodes.get(id)].filter((node) => node !== undefined));
      if (rect === null) return;
      select([id]);
      void flow.setCenter(rect.x + rect.width / 2, rect.y + rect.height / 2, { zoom: Math.max(0.7, flow.getZoom()) });
    };
    const seen = () => {
      const { x, y, zoom } = flow.getViewport();
      const { width: across, height: down } = size.current;
      return {
        x: (SEEN_MARGIN - x) / zoom,
        y: (TOOLS_HEIGHT - y) / zoom,
        width: Math.max(0, across - 2 * SEEN_MARGIN) / zoom,
        height: Math.max(0, down - TOOLS_HEIGHT - SEEN_MARGIN) / zoom,
      };
    };
    const reveal = (rect: Rect) => {
      const area = seen();
      if (rect.width > area.width || rect.height > area.height) {
        fitRect(rect);
        return;
      }
      const { x, y, zoom } = flow.getViewport();
      const across = Math.min(0, rect.x - area.x) + Math.max(0, rect.x + rect.width - area.x - area.width);
      const down = Math.min(0, rect.y - area.y) + Math.max(0, rect.y + rect.height - area.y - area.height);
      if (across !== 0 || down !== 0) void flow.setViewport({ zoom, x: x - across * zoom, y: y - down * zoom });
    };
    const zoomBy = (factor: number) => {
      const centre = middle();
      void flow.setCenter(centre.x, centre.y, { zoom: flow.getZoom() * factor });
    };
    useView.setState({ view: { fit, show, zoomBy, centre: middle, seen, reveal, toCanvas: (point) => flow.screenToFlowPosition(point, { snapToGrid: false }) } });
    return () => useView.setState({ view: null, popup: null });
  }, [flow]);
  useEffect(() => {
    // The panels have found their sizes by the next frame; before, half of the flow would be cut off.
    if (fitted.current || !loaded || width === 0) return undefined;
    const frame = requestAnimationFrame(() => {
      fitted.current = true;
      useView.getState().view?.fit();
    });
    return () => cancelAnimationFrame(frame);
  }, [loaded, width]);
}

export function FlowSurface() {
  const { nodes, edges } = useFlowItems();
  const overview = useOverview();
  const wheel = usePreferences((state) => state.wheel);
  const roomy = useStore((state) => state.height > MINIMAP_FROM && state.width > 2 * MINIMAP_FROM - 200);
  const some = useProject((state) => state.nodes.size > 0);
  const minimap = usePreferences((state) => state.minimap) && roomy && some;
  const mayEdit = useMayEdit();
  const [labels] = useState(spoken);
  useViewHandle();
  return (
    <div
      className="absolute inset-0"
      onPointerDownCapture={(event) => {
        if (overview && event.target instanceof Element && event.target.classList.contains("react-flow__pane")) pressOnOverview(event);
      }}
    >
      <p id={NODE_KEYS_ID} hidden>
        {t("flow.nodeKeys")}
      </p>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onNodesChange={nodesChanged}
        onEdgesChange={edgesChanged}
        onNodeDragStop={drop}
        onSelectionDragStop={drop}
        onConnect={connected}
        onConnectEnd={connectionEnded}
        isValidConnection={mayConnect}
        onPaneClick={() => select([])}
        nodesDraggable={mayEdit}
        nodesConnectable={mayEdit}
        onlyRenderVisibleElements
        minZoom={MIN_ZOOM}
        maxZoom={MAX_ZOOM}
        snapToGrid
        snapGrid={SNAP}
        connectionRadius={28}
        connectionLineType={ConnectionLineType.Bezier}
        selectionMode={SelectionMode.Partial}
        panOnScroll={wheel === "pan"}
        zoomOnDoubleClick={false}
        deleteKeyCode={null}
        selectionKeyCode="Shift"
        multiSelectionKeyCode={["Meta", "Control", "Shift"]}
        elevateNodesOnSelect
        edgesFocusable={false}
        attributionPosition="bottom-left"
        ariaLabelConfig={labels}
      >
        {/* From far away dots are dust. */}
        {overview ? <Overview /> : <Dots />}
        {minimap && <Minimap />}
      </ReactFlow>
    </div>
  );
}
