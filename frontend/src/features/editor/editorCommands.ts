import type { Command } from "@/shared/keyboard/commands";

export interface EditorActions {
  activeTab: string | null;
  save: () => void;
  close: (key: string) => void;
  step: (by: number) => void;
  split: () => void;
  /** Puts the focus on the tab of the open text. */
  leave: () => void;
  /** Runs an action of Monaco in the focused editor. */
  run: (action: string) => void;
}

/** What can be done to the open text, for the palette and the keyboard. Monaco has keys of its own for its actions. */
export function editorCommands({ activeTab, save, close, step, split, leave, run }: EditorActions): Command[] {
  const enabled = () => activeTab !== null;
  const own = (id: string, title: Command["title"], action: string): Command => ({ id, title, enabled, run: () => run(action) });
  return [
    { id: "editor.save", title: "editor.save", keys: ["Mod+S"], whileTyping: true, enabled, run: save },
    {
      id: "editor.close",
      title: "editor.close",
      keys: ["Alt+W"],
      whileTyping: true,
      enabled,
      run: () => activeTab !== null && close(activeTab),
    },
    { id: "editor.next", title: "editor.next", keys: ["Alt+PageDown"], whileTyping: true, enabled, run: () => step(1) },
    { id: "editor.previous", title: "editor.previous", keys: ["Alt+PageUp"], whileTyping: true, enabled, run: () => step(-1) },
    { id: "editor.leave", title: "editor.leave", keys: ["F6"], scope: "editor", whileTyping: true, enabled, run: leave },
    { id: "editor.split", title: "editor.split", enabled, run: split },
    own("editor.format", "editor.format", "editor.action.formatDocument"),
    own("editor.rename", "editor.rename", "editor.action.rename"),
    own("editor.definition", "editor.definition", "editor.action.revealDefinition"),
    own("editor.references", "editor.references", "editor.action.goToReferences"),
    own("editor.quickFix", "editor.quickFix", "editor.action.quickFix"),
    own("editor.find", "editor.find", "actions.find"),
    own("editor.nextProblem", "editor.nextProblem", "editor.action.marker.next"),
  ];
}
