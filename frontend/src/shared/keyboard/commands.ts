import { useEffect, useEffectEvent } from "react";
import { create } from "zustand";
import type { TextKey } from "@/shared/i18n/en";

/** Something a person can do: by key, from the command palette, and listed in the keyboard map. */
export interface Command {
  /** Unique, such as `flow.runAll`. */
  id: string;
  title: TextKey;
  /** Such as `Mod+Shift+P` (Mod is Ctrl, on a Mac ⌘), `F2`, `/`. Several may be given. */
  keys?: readonly string[];
  /** Where the keys count: everywhere, or only while the focus is within the element of this name (`data-scope`). */
  scope?: string;
  /** Keys count even while a text field, an editor or a terminal has the focus. */
  whileTyping?: boolean;
  enabled?: () => boolean;
  run: () => void;
  /** Not listed in the palette (for example moving by arrows). */
  hidden?: boolean;
}

interface Registry {
  commands: ReadonlyMap<string, Command>;
}

export const useCommandRegistry = create<Registry>()(() => ({ commands: new Map() }));

export function registerCommands(commands: readonly Command[]): () => void {
  useCommandRegistry.setState((state) => {
    const next = new Map(state.commands);
    for (const command of commands) next.set(command.id, command);
    return { commands: next };
  });
  return () =>
    useCommandRegistry.setState((state) => {
      const next = new Map(state.commands);
      for (const command of commands) if (next.get(command.id) === command) next.delete(command.id);
      return { commands: next };
    });
}

/** Register commands while the component is mounted. `make` may use fresh values: it is read when a command runs. */
export function useCommands(make: () => readonly Command[]): void {
  const latest = useEffectEvent(make);
  useEffect(() => {
    const stable = latest().map((command) => ({
      ...command,
      run: () => latest().find((other) => other.id === command.id)?.run(),
      enabled: () => latest().find((other) => other.id === command.id)?.enabled?.() ?? true,
    }));
    return registerCommands(stable);
  }, []);
}

export function runCommand(id: string): boolean {
  const command = useCommandRegistry.getState().commands.get(id);
  if (command === undefined || command.enabled?.() === false) return false;
  command.run();
  return true;
}
