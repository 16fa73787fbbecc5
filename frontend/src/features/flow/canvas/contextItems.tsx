import { ChevronsDownUp, ChevronsUpDown, Code2, Copy, CopyPlus, FastForward, Group, Link2, Maximize, Play, Plus, Sparkles, StepForward, Trash2, ClipboardPaste } from "lucide-react";
import { t } from "@/shared/i18n/i18n";
import { useProject } from "@/shared/project/projectStore";
import { runFlow, runNode } from "@/shared/runs/runActions";
import type { MenuItems } from "@/shared/ui/Menu";
import { openNode } from "@/shared/workspace/workspace";
import type { Position } from "@/wire/generated";
import { deleteSelection, groupSelection, layOutFlow, toggleCollapsed } from "../model/actions";
import { copySelection, duplicateSelection, pasteClipboard } from "../model/copying";
import { isCollapsed } from "../model/geometry";
import { useSelection } from "../model/selection";
import { openPopup, useView } from "../model/view";

function paneItems(screen: Position): MenuItems {
  const { view } = useView.getState();
  return [
    { label: t("flow.add"), icon: <Plus size={14} />, keys: "/", onSelect: () => openPopup({ kind: "add", screen, ...(view === null ? {} : { at: view.toCanvas(screen) }) }) },
    { label: t("flow.paste"), icon: <ClipboardPaste size={14} />, keys: "Mod+V", onSelect: () => void pasteClipboard(view?.toCanvas(screen)) },
    "-",
    { label: t("runs.runAll"), icon: <Play size={14} />, keys: "Mod+Enter", onSelect: () => void runFlow() },
    { label: t("flow.layout"), icon: <Sparkles size={14} />, keys: "L", onSelect: () => void layOutFlow() },
    { label: t("flow.fitAll"), icon: <Maximize size={14} />, keys: "Shift+F", onSelect: () => view?.fit() },
  ];
}

function nodeItems(id: string): MenuItems {
  const node = useProject.getState().nodes.get(id);
  const runs = node?.kind === "code" || node?.kind === "result" || node?.kind === "input";
  const code = node?.kind === "code";
  if (node?.kind === "group") {
    const collapsed = isCollapsed(node);
    const icon = collapsed ? <ChevronsUpDown size={14} /> : <ChevronsDownUp size={14} />;
    return [{ label: t(collapsed ? "flow.expand" : "flow.collapseOne"), icon, keys: "G", onSelect: () => toggleCollapsed([id]) }, "-"];
  }
  return [
    { label: t("flow.openCode"), icon: <Code2 size={14} />, keys: "Enter", disabled: !code, onSelect: () => openNode(id) },
    { label: t("flow.connectCommand"), icon: <Link2 size={14} />, keys: "C", disabled: !runs, onSelect: () => openPopup({ kind: "connect", nodeId: id }) },
    "-",
    { label: t("runs.runNode"), icon: <Play size={14} />, keys: "R", disabled: !runs, onSelect: () => void runNode(id) },
    { label: t("runs.runUntil"), icon: <StepForward size={14} />, keys: "Shift+R", disabled: !runs, onSelect: () => void runFlow({ untilNodeId: id }) },
    { label: t("runs.runFrom"), icon: <FastForward size={14} />, keys: "Alt+R", disabled: !runs, onSelect: () => void runFlow({ startNodeId: id }) },
    "-",
  ];
}

/** What a right click offers: for the selection, or for the empty canvas. */
export function contextItems(screen: Position): MenuItems {
  const { nodes, edges } = useSelection.getState();
  if (nodes.size + edges.size === 0) return paneItems(screen);
  const [only] = nodes;
  return [
    ...(nodes.size === 1 && only !== undefined ? nodeItems(only) : []),
    { label: t("flow.copy"), icon: <Copy size={14} />, keys: "Mod+C", onSelect: () => void copySelection() },
    { label: t("flow.duplicate"), icon: <CopyPlus size={14} />, keys: "Mod+D", onSelect: () => void duplicateSelection() },
    { label: t("flow.group"), icon: <Group size={14} />, keys: "Mod+G", onSelect: groupSelection },
    "-",
    { label: t("flow.delete"), icon: <Trash2 size={14} />, keys: "Delete", danger: true, onSelect: deleteSelection },
  ];
}
