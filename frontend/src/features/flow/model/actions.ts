import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import type { Graph } from "@/shared/project/document";
import { mayEdit, useProject } from "@/shared/project/projectStore";
import { notify } from "@/shared/ui/toasts";
import type { Node } from "@/wire/generated";
import { announce } from "./announce";
import { autoLayout } from "./autoLayout";
import { groupsOf, setCollapsed, shownOf } from "./collapse";
import { isCollapsed } from "./geometry";
import { refusal, targetPortOf, type Refusal, type Wire } from "./graph";
import { perform, redo, undo } from "./history";
import { select, selectedNodes, useSelection } from "./selection";
import { align, connect, groupNodes, moveBy, remove, removeAndReconnect, type Alignment } from "./steps";

/** What a person does on the canvas, by mouse, key, menu or list: each ends in one step of the history. */

export function graph(): Graph {
  const { nodes, edges } = useProject.getState();
  return { nodes, edges };
}

/** The flow as it is drawn: without what lies in collapsed groups. */
export function shownGraph(): Graph {
  return shownOf(useProject.getState()).graph;
}

const REFUSALS = {
  self: "flow.refused.self",
  cycle: "flow.refused.cycle",
  taken: "flow.refused.taken",
  exists: "flow.refused.exists",
  noPort: "flow.refused.noPort",
} as const satisfies Record<Refusal, string>;

export function refusalText(why: Refusal): string {
  return t(REFUSALS[why]);
}

/** Join two ports, or say why not. A taken input gets the new edge instead of the old one. */
export function connectPorts(wire: Wire): boolean {
  const now = graph();
  const why = refusal(now, wire);
  if (why === null) {
    perform(connect(wire));
    announce(t("flow.connected"));
    return true;
  }
  const target = now.nodes.get(wire.target);
  const old = [...now.edges.values()].find(
    (edge) => edge.target === wire.target && targetPortOf(edge, target) === wire.targetPort,
  );
  if (why === "taken" && old !== undefined && refusal(now, wire, old.id) === null) {
    perform(connect(wire, old));
    announce(t("flow.connected"));
    return true;
  }
  notify({ kind: "error", message: refusalText(why) });
  return false;
}

/** A collapsed group stands for its nodes: what becomes of it becomes of them. */
function withHidden(ids: Iterable<string>): Set<string> {
  const { members } = shownOf(useProject.getState());
  return new Set([...ids].flatMap((id) => [id, ...(members.get(id) ?? [])]));
}

export function deleteSelection(): void {
  const { nodes, edges } = useSelection.getState();
  if (nodes.size + edges.size === 0) return;
  const gone = withHidden(nodes);
  perform(remove(graph(), gone, edges));
  select([]);
  announce(t("flow.deleted", { count: gone.size + edges.size }));
}

export function deleteAndReconnect(): void {
  const [only, ...others] = selectedNodes();
  if (only === undefined || others.length > 0) deleteSelection();
  else {
    perform(removeAndReconnect(graph(), only));
    select([]);
  }
}

export function nudge(dx: number, dy: number): void {
  perform(moveBy(graph(), selectedNodes(), dx, dy));
}

/** Do it, or tell what kept it from being done. */
export async function orSayWhy(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    notify({ kind: "error", message: messageOf(error) });
  }
}

export function groupSelection(): void {
  const step = groupNodes(graph(), selectedNodes(), t("flow.item.group"));
  if (step === null) return;
  perform(step);
  select([...step.nodes].filter(([, { before }]) => before === null).map(([id]) => id));
}

function collapse(groupIds: readonly string[], collapsed: boolean): void {
  perform(setCollapsed(graph(), groupIds, collapsed));
  const { hiddenBy } = shownOf(useProject.getState());
  select(new Set(selectedNodes().map((id) => hiddenBy.get(id) ?? id)));
  announce(t(collapsed ? "flow.collapsed" : "flow.expanded", { count: groupIds.length }));
}

/** Collapse the groups that these nodes are, or lie in; expand them when all are collapsed. */
export function toggleCollapsed(ids: Iterable<string>): void {
  const groups = groupsOf(graph(), ids);
  if (groups.length > 0) collapse(groups.map((group) => group.id), !groups.every(isCollapsed));
}

/** All groups of the flow that are collapsed, or expanded. */
export function groupsThatAre(collapsed: boolean): Node[] {
  return [...graph().nodes.values()].filter((node) => node.kind === "group" && isCollapsed(node) === collapsed);
}

export function collapseAll(collapsed: boolean): void {
  const groups = groupsThatAre(!collapsed);
  if (groups.length > 0) collapse(groups.map((group) => group.id), collapsed);
}

/** What is drawn for a node: itself, once the groups that hide it are expanded, or the group for whoever may not do that. */
export function revealed(id: string): string {
  for (let group = shownOf(useProject.getState()).hiddenBy.get(id); group !== undefined; ) {
    if (!mayEdit()) return group;
    collapse([group], false);
    const next = shownOf(useProject.getState()).hiddenBy.get(id);
    if (next === group) return group;
    group = next;
  }
  return id;
}

export function alignSelection(how: Alignment): void {
  perform(align(graph(), selectedNodes(), how));
}

export function layOutFlow(): Promise<void> {
  return orSayWhy(async () => perform(await autoLayout(graph(), useSelection.getState().nodes)));
}

export function undoStep(): void {
  announce(undo() === null ? t("flow.nothingToUndo") : t("flow.undone"));
}

export function redoStep(): void {
  announce(redo() === null ? t("flow.nothingToRedo") : t("flow.redone"));
}
