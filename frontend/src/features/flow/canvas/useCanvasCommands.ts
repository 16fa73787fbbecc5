import { useCommands, type Command } from "@/shared/keyboard/commands";
import { useProject } from "@/shared/project/projectStore";
import { cancelAllRuns, runFlow, runNode } from "@/shared/runs/runActions";
import { useRuns } from "@/shared/runs/runStore";
import { openNode } from "@/shared/workspace/workspace";
import { setPreference, usePreferences } from "@/shared/preferences/preferences";
import {
  alignSelection,
  collapseAll,
  deleteAndReconnect,
  deleteSelection,
  groupSelection,
  groupsThatAre,
  layOutFlow,
  nudge,
  redoStep,
  shownGraph,
  toggleCollapsed,
  undoStep,
} from "../model/actions";
import { announce } from "../model/announce";
import { groupsOf } from "../model/collapse";
import { copySelection, duplicateSelection, pasteClipboard } from "../model/copying";
import { GRID } from "../model/geometry";
import { nearest, reached } from "../model/graph";
import { select, selectedNodes, useSelection } from "../model/selection";
import { openPopup, showNode, useView } from "../model/view";

function one(): string | undefined {
  const [id, ...others] = selectedNodes();
  if (others.length > 0) return undefined;
  // Tab puts the focus on a node without selecting it.
  const focused = document.activeElement?.closest(".react-flow__node")?.getAttribute("data-id");
  return id ?? focused ?? undefined;
}

/** What a key is about: the selection, or the node that has the focus. */
function chosen(): string[] {
  const id = one();
  return id === undefined ? selectedNodes() : [id];
}

const hasOne = () => one() !== undefined;
const hasGroup = () => groupsOf(useProject.getState(), chosen()).length > 0;
const hasGroups = (collapsed: boolean) => groupsThatAre(collapsed).length > 0;
const hasAny = () => selectedNodes().length > 0;
const hasAnything = () => hasAny() || useSelection.getState().edges.size > 0;

function withOne(action: (id: string) => void): void {
  const id = one();
  if (id !== undefined) action(id);
}

function quickAdd(): void {
  const canvas = document.querySelector("[data-scope=canvas]")?.getBoundingClientRect();
  if (canvas === undefined) return;
  openPopup({ kind: "add", screen: { x: canvas.left + canvas.width / 2, y: canvas.top + canvas.height / 3 } });
}

function goTo(direction: "left" | "right" | "up" | "down"): void {
  const { nodes } = shownGraph();
  const from = nodes.get(one() ?? "") ?? [...nodes.values()][0];
  if (from === undefined) return;
  const to = one() === undefined ? from : nearest(nodes.values(), from, direction);
  if (to === undefined) return;
  showNode(to.id);
  announce(to.title);
}

const DIRECTIONS = [
  { name: "left", key: "ArrowLeft", dx: -GRID, dy: 0, go: "flow.goLeft", move: "flow.moveLeft" },
  { name: "right", key: "ArrowRight", dx: GRID, dy: 0, go: "flow.goRight", move: "flow.moveRight" },
  { name: "up", key: "ArrowUp", dx: 0, dy: -GRID, go: "flow.goUp", move: "flow.moveUp" },
  { name: "down", key: "ArrowDown", dx: 0, dy: GRID, go: "flow.goDown", move: "flow.moveDown" },
] as const;
const FAR = 5;

function arrows(): Command[] {
  return DIRECTIONS.flatMap(({ name, key, dx, dy, go, move }): Command[] => [
    { id: `flow.move.${name}`, title: move, keys: [key], scope: "canvas", hidden: true, enabled: hasAny, run: () => nudge(dx, dy) },
    {
      id: `flow.moveFar.${name}`,
      title: move,
      keys: [`Shift+${key}`],
      scope: "canvas",
      hidden: true,
      enabled: hasAny,
      run: () => nudge(dx * FAR, dy * FAR),
    },
    { id: `flow.go.${name}`, title: go, keys: [`Alt+${key}`], scope: "canvas", hidden: true, run: () => goTo(name) },
  ]);
}

function related(direction: "up" | "down"): void {
  const { edges } = useProject.getState();
  select(selectedNodes().flatMap((id) => [id, ...reached(edges.values(), id, direction)]));
}

function editing(): Command[] {
  const scope = "canvas";
  return [
    { id: "flow.add", title: "flow.add", keys: ["/"], scope, run: quickAdd },
    { id: "flow.connect", title: "flow.connectCommand", keys: ["C"], scope, enabled: hasOne, run: () => withOne((nodeId) => openPopup({ kind: "connect", nodeId })) },
    { id: "flow.open", title: "flow.openCode", keys: ["Enter"], scope, enabled: hasOne, run: () => withOne((id) => openCode(id)) },
    { id: "flow.delete", title: "flow.delete", keys: ["Delete", "Backspace"], scope, enabled: hasAnything, run: deleteSelection },
    { id: "flow.deleteJoin", title: "flow.deleteJoin", keys: ["Mod+Delete", "Mod+Backspace"], scope, enabled: hasAny, run: deleteAndReconnect },
    { id: "flow.undo", title: "flow.undo", keys: ["Mod+Z"], run: undoStep },
    { id: "flow.redo", title: "flow.redo", keys: ["Mod+Shift+Z", "Mod+Y"], run: redoStep },
    { id: "flow.copy", title: "flow.copy", keys: ["Mod+C"], scope, enabled: hasAny, run: () => void copySelection() },
    { id: "flow.cut", title: "flow.cut", keys: ["Mod+X"], scope, enabled: hasAny, run: () => void copySelection(true) },
    { id: "flow.paste", title: "flow.paste", keys: ["Mod+V"], scope, byBrowser: true, run: () => void pasteClipboard(useView.getState().view?.centre()) },
    { id: "flow.duplicate", title: "flow.duplicate", keys: ["Mod+D"], scope, enabled: hasAny, run: () => void duplicateSelection() },
    { id: "flow.group", title: "flow.group", keys: ["Mod+G"], scope, enabled: hasAny, run: groupSelection },
    { id: "flow.collapse", title: "flow.collapse", keys: ["G"], scope, enabled: hasGroup, run: () => toggleCollapsed(chosen()) },
    { id: "flow.collapseAll", title: "flow.collapseAll", keys: ["Shift+G"], scope, enabled: () => hasGroups(false), run: () => collapseAll(true) },
    { id: "flow.expandAll", title: "flow.expandAll", keys: ["Alt+G"], scope, enabled: () => hasGroups(true), run: () => collapseAll(false) },
    { id: "flow.layout", title: "flow.layout", keys: ["L"], scope, run: () => void layOutFlow() },
    { id: "flow.alignLeft", title: "flow.alignLeft", enabled: hasAny, run: () => alignSelection("left") },
    { id: "flow.alignCentre", title: "flow.alignCentre", enabled: hasAny, run: () => alignSelection("centre") },
    { id: "flow.alignTop", title: "flow.alignTop", enabled: hasAny, run: () => alignSelection("top") },
    { id: "flow.alignMiddle", title: "flow.alignMiddle", enabled: hasAny, run: () => alignSelection("middle") },
    { id: "flow.row", title: "flow.row", enabled: hasAny, run: () => alignSelection("row") },
    { id: "flow.column", title: "flow.column", enabled: hasAny, run: () => alignSelection("column") },
  ];
}

function openCode(id: string): void {
  const kind = useProject.getState().nodes.get(id)?.kind;
  if (kind === "code") openNode(id);
  else if (kind === "group") toggleCollapsed([id]);
}

function looking(): Command[] {
  const scope = "canvas";
  const view = () => useView.getState().view;
  return [
    { id: "flow.all", title: "flow.selectAll", keys: ["Mod+A"], scope, run: () => select(useProject.getState().nodes.keys(), useProject.getState().edges.keys()) },
    { id: "flow.none", title: "flow.selectNone", keys: ["Escape"], scope, hidden: true, enabled: hasAnything, run: () => select([]) },
    { id: "flow.upstream", title: "flow.selectUpstream", keys: ["Alt+U"], scope, enabled: hasAny, run: () => related("up") },
    { id: "flow.downstream", title: "flow.selectDownstream", keys: ["Alt+D"], scope, enabled: hasAny, run: () => related("down") },
    { id: "flow.jump", title: "flow.jump", keys: ["Mod+F"], scope, run: () => openPopup({ kind: "jump" }) },
    { id: "flow.fit", title: "flow.fit", keys: ["F"], scope, run: () => view()?.fit(hasAny() ? selectedNodes() : undefined) },
    { id: "flow.fitAll", title: "flow.fitAll", keys: ["Shift+F"], scope, run: () => view()?.fit() },
    { id: "flow.zoomIn", title: "flow.zoomIn", keys: ["+", "="], scope, run: () => view()?.zoomBy(1.25) },
    { id: "flow.zoomOut", title: "flow.zoomOut", keys: ["-"], scope, run: () => view()?.zoomBy(0.8) },
    { id: "flow.minimap", title: "flow.minimapToggle", keys: ["M"], scope, run: () => setPreference("minimap", !usePreferences.getState().minimap) },
  ];
}

function running(): Command[] {
  const isRunning = () => useRuns.getState().active.size > 0;
  return [
    { id: "runs.all", title: "runs.runAll", keys: ["Mod+Enter"], whileTyping: true, run: () => void runFlow() },
    { id: "runs.node", title: "runs.runNode", keys: ["R"], scope: "canvas", enabled: hasOne, run: () => withOne((id) => void runNode(id)) },
    { id: "runs.until", title: "runs.runUntil", keys: ["Shift+R"], scope: "canvas", enabled: hasOne, run: () => withOne((untilNodeId) => void runFlow({ untilNodeId })) },
    { id: "runs.from", title: "runs.runFrom", keys: ["Alt+R"], scope: "canvas", enabled: hasOne, run: () => withOne((startNodeId) => void runFlow({ startNodeId })) },
    { id: "runs.cancel", title: "runs.cancel", keys: ["Mod+."], whileTyping: true, enabled: isRunning, run: cancelAllRuns },
  ];
}

/** Everything that the canvas does can be done by key; the palette and the keyboard map list it. */
export function useCanvasCommands(): void {
  useCommands(() => [...editing(), ...arrows(), ...looking(), ...running()]);
}
