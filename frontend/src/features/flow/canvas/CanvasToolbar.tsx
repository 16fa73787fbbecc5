import { AlignHorizontalSpaceAround, Group, Maximize, Minus, Plus, Redo2, Search, Sparkles, Undo2 } from "lucide-react";
import { t } from "@/shared/i18n/i18n";
import { runCommand } from "@/shared/keyboard/commands";
import { IconButton } from "@/shared/ui/Button";
import { Menu } from "@/shared/ui/Menu";
import { alignSelection } from "../model/actions";
import { useHistory } from "../model/history";
import { useSelection } from "../model/selection";

/** The canvas's own tools, in its upper left corner. */
export function CanvasToolbar() {
  const canUndo = useHistory((state) => state.done.length > 0);
  const canRedo = useHistory((state) => state.undone.length > 0);
  const several = useSelection((state) => state.nodes.size > 1);
  const tool = (id: string, label: string, keys: string, icon: React.ReactNode, disabled = false) => (
    <IconButton small label={label} keys={keys} icon={icon} disabled={disabled} onClick={() => runCommand(id)} />
  );
  return (
    <div
      role="toolbar"
      aria-label={t("flow.tools")}
      className="nopan absolute top-3 left-3 z-5 flex items-center gap-0.5 rounded-lg border border-line bg-panel/95 p-1 shadow-card"
    >
      {tool("flow.add", t("flow.add"), "/", <Plus size={15} />)}
      <span className="mx-0.5 h-4 w-px bg-line" />
      {tool("flow.undo", t("flow.undo"), "Mod+Z", <Undo2 size={15} />, !canUndo)}
      {tool("flow.redo", t("flow.redo"), "Mod+Shift+Z", <Redo2 size={15} />, !canRedo)}
      <span className="mx-0.5 h-4 w-px bg-line" />
      {tool("flow.jump", t("flow.jump"), "Mod+F", <Search size={15} />)}
      {tool("flow.layout", t("flow.layout"), "L", <Sparkles size={15} />)}
      {several && (
        <>
          {tool("flow.group", t("flow.group"), "Mod+G", <Group size={15} />)}
          <Menu
            trigger={<IconButton small label={t("flow.align")} icon={<AlignHorizontalSpaceAround size={15} />} />}
            items={[
              { label: t("flow.alignLeft"), onSelect: () => alignSelection("left") },
              { label: t("flow.alignCentre"), onSelect: () => alignSelection("centre") },
              { label: t("flow.alignRight"), onSelect: () => alignSelection("right") },
              "-",
              { label: t("flow.alignTop"), onSelect: () => alignSelection("top") },
              { label: t("flow.alignMiddle"), onSelect: () => alignSelection("middle") },
              { label: t("flow.alignBottom"), onSelect: () => alignSelection("bottom") },
              "-",
              { label: t("flow.row"), onSelect: () => alignSelection("row") },
              { label: t("flow.column"), onSelect: () => alignSelection("column") },
            ]}
          />
        </>
      )}
      <span className="mx-0.5 h-4 w-px bg-line" />
      {tool("flow.zoomOut", t("flow.zoomOut"), "-", <Minus size={15} />)}
      {tool("flow.zoomIn", t("flow.zoomIn"), "+", <Plus size={15} />)}
      {tool("flow.fitAll", t("flow.fitAll"), "Shift+F", <Maximize size={14} />)}
    </div>
  );
}
