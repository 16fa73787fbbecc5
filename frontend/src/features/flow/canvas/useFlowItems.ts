import { useStore, type ReactFlowState } from "@xyflow/react";
import { useMemo, useState } from "react";
import { useShallow } from "zustand/react/shallow";
import { t } from "@/shared/i18n/i18n";
import { useProject } from "@/shared/project/projectStore";
import type { Node } from "@/wire/generated";
import { shownOf } from "../model/collapse";
import type { Rect } from "../model/geometry";
import { nodesNear } from "../model/nodesNear";
import { useSelection } from "../model/selection";
import { useDragging } from "./dragging";
import { coarseArea, CULL_ABOVE, EdgeItems, NodeItems, OVERVIEW_ABOVE, OVERVIEW_ZOOM, type CanvasEdge, type CanvasNode } from "./flowItems";

/** With more nodes than this the Tab key does not visit each: Alt and arrows go from node to node. */
const TAB_UP_TO = 50;

function areaOf({ transform: [x, y, zoom], width, height }: ReactFlowState): Rect {
  return coarseArea({ x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom });
}

/** Whether the flow is so large, and so far away, that it is painted. */
export function useOverview(): boolean {
  const many = useProject((state) => shownOf(state).graph.nodes.size > OVERVIEW_ABOVE);
  const far = useStore((state) => state.transform[2] < OVERVIEW_ZOOM);
  return many && far;
}

const NO_NODES: CanvasNode[] = [];
const NO_EDGES: CanvasEdge[] = [];

/** What XYFlow is given: everything, or what lies near the viewport, or nothing while the overview is painted. */
export function useFlowItems(): { nodes: CanvasNode[]; edges: CanvasEdge[] } {
  const overview = useOverview();
  const shownGraph = useProject((state) => shownOf(state).graph);
  const { nodes, edges } = shownGraph;
  const selection = useSelection();
  const dragged = useDragging((state) => state.positions);
  const culling = nodes.size > CULL_ABOVE && !overview;
  const area = useStore(
    useShallow((state: ReactFlowState) => {
      if (!culling) return null;
      const { x, y, width, height } = areaOf(state);
      return { x, y, width, height };
    }),
  );
  const [nodeItems] = useState(() => new NodeItems());
  const [edgeItems] = useState(() => new EdgeItems());
  const shown = useMemo(() => {
    if (overview) return [];
    if (area === null) return [...nodes.values()];
    return nodesNear(shownGraph, area, (id) => selection.nodes.has(id) || dragged.has(id));
  }, [overview, shownGraph, nodes, area, selection.nodes, dragged]);
  const flowNodes = useMemo(() => {
    if (overview) return NO_NODES;
    nodeItems.forget(nodes);
    const focusable = nodes.size <= TAB_UP_TO;
    return shown.map((node) =>
      nodeItems.get(node, selection.nodes.has(node.id), dragged.get(node.id), focusable, nodeLabel(node)),
    );
  }, [overview, nodes, shown, selection.nodes, dragged, nodeItems]);
  const flowEdges = useMemo(() => {
    if (overview) return NO_EDGES;
    const fed = area === null ? null : new Set(shown.map((node) => node.id));
    return [...edges.values()]
      .filter((edge) => fed === null || (fed.has(edge.source) && fed.has(edge.target)))
      .map((edge) => edgeItems.get(edge, selection.edges.has(edge.id), nodes.get(edge.source), nodes.get(edge.target)));
  }, [overview, nodes, edges, shown, area, selection.edges, edgeItems]);
  return { nodes: flowNodes, edges: flowEdges };
}

function nodeLabel(node: Node): string {
  return `${node.title}, ${t(`flow.kind.${node.kind}`)}`;
}
