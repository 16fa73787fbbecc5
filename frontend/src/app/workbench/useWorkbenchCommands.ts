import { useCommands } from "@/shared/keyboard/commands";
import { setEditorOpen, showBottom, showLeft, showRight, useWorkspace } from "@/shared/workspace/workspace";

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
  setEditorOpen(!useWorkspace.getState().editorOpen);
}

export function useWorkbenchCommands(): void {
  useCommands(() => [
    { id: "app.palettePanel", title: "app.showPalette", run: () => showLeft("palette") },
    { id: "app.outlinePanel", title: "app.showOutline", keys: ["Mod+Shift+O"], run: () => showLeft("outline") },
    { id: "app.filesPanel", title: "app.showFiles", keys: ["Mod+Shift+E"], whileTyping: true, run: () => showLeft("files") },
    { id: "app.packagesPanel", title: "app.showPackages", run: () => showLeft("packages") },
    { id: "app.networkPanel", title: "app.showNetwork", run: () => showLeft("network") },
    { id: "app.left", title: "app.toggleLeft", keys: ["Mod+B"], run: toggleLeft },
    { id: "app.inspector", title: "app.toggleInspector", keys: ["Mod+Alt+B"], run: toggleInspector },
    { id: "app.terminal", title: "app.toggleTerminal", keys: ["Mod+`"], whileTyping: true, run: toggleTerminal },
    { id: "app.problems", title: "app.showProblems", keys: ["Mod+Shift+M"], whileTyping: true, run: () => showBottom("problems") },
    { id: "app.runs", title: "app.showRuns", run: () => showBottom("runs") },
    { id: "app.editor", title: "app.toggleEditor", keys: ["Mod+E"], whileTyping: true, run: toggleEditor },
    {
      id: "app.canvas",
      title: "app.focusCanvas",
      keys: ["Mod+0"],
      whileTyping: true,
      run: () => document.querySelector<HTMLElement>("[data-scope=canvas]")?.focus(),
    },
  ]);
}
