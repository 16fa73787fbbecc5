import { useCommands } from "@/shared/keyboard/commands";
import { focusArea, focusAreaSoon, stepArea } from "@/shared/workspace/areas";
import { goToTab, setEditorOpen, showBottom, showLeft, showRight, useWorkspace, type BottomPanel, type LeftPanel } from "@/shared/workspace/workspace";

export function toggleInspector(): void {
  showRight(!useWorkspace.getState().right);
}

export function toggleLeft(): void {
  showLeft(useWorkspace.getState().left === null ? "palette" : null);
}

export function toggleTerminal(): void {
  showBottom(useWorkspace.getState().bottom === "terminal" ? null : "terminal");
}

export function toggleEditor(): void {
  const { editorOpen, activeTab } = useWorkspace.getState();
  if (editorOpen || activeTab === null) setEditorOpen(!editorOpen);
  else goToTab(activeTab);
}

/** Who asks for a panel by name goes there. */
function goToLeft(panel: LeftPanel): void {
  showLeft(panel);
  focusAreaSoon("left");
}

function goToBottom(panel: BottomPanel): void {
  showBottom(panel);
  focusAreaSoon("bottom");
}

export function useWorkbenchCommands(): void {
  useCommands(() => [
    { id: "app.palettePanel", title: "app.showPalette", run: () => goToLeft("palette") },
    { id: "app.outlinePanel", title: "app.showOutline", keys: ["Mod+Shift+O"], run: () => goToLeft("outline") },
    { id: "app.filesPanel", title: "app.showFiles", keys: ["Mod+Shift+E"], whileTyping: true, run: () => goToLeft("files") },
    { id: "app.packagesPanel", title: "app.showPackages", run: () => goToLeft("packages") },
    { id: "app.networkPanel", title: "app.showNetwork", run: () => goToLeft("network") },
    { id: "app.left", title: "app.toggleLeft", keys: ["Mod+B"], run: toggleLeft },
    { id: "app.inspector", title: "app.toggleInspector", keys: ["Mod+Alt+B"], run: toggleInspector },
    { id: "app.terminal", title: "app.toggleTerminal", keys: ["Mod+`"], whileTyping: true, run: toggleTerminal },
    { id: "app.problems", title: "app.showProblems", keys: ["Mod+Shift+M"], whileTyping: true, run: () => goToBottom("problems") },
    { id: "app.runs", title: "app.showRuns", run: () => goToBottom("runs") },
    { id: "app.editor", title: "app.toggleEditor", keys: ["Mod+E"], whileTyping: true, run: toggleEditor },
    {
      id: "app.canvas",
      title: "app.focusCanvas",
      keys: ["Mod+0"],
      whileTyping: true,
      run: () => focusArea("canvas"),
    },
    { id: "app.nextArea", title: "app.nextArea", keys: ["F6"], whileTyping: true, run: () => stepArea(1) },
    { id: "app.previousArea", title: "app.previousArea", keys: ["Shift+F6"], whileTyping: true, run: () => stepArea(-1) },
  ]);
}
