import { useEffect, useLayoutEffect, useRef } from "react";
import { create } from "zustand";
import type { TextKey } from "@/shared/i18n/en";

/** Parts of the page that have keys of their own, as `data-scope` names them. */
export type Scope = "canvas" | "editor" | "terminal";

/** Something a person can do: by key, from the command palette, and listed in the keyboard map. */
export interface Command {
  /** Unique, such as `flow.runAll`. */
  id: string;
  title: TextKey;
  /** Such as `Mod+Shift+P` (Mod is Ctrl, on a Mac ⌘), `F2`, `/`. Several may be given. */
  keys?: readonly string[];
  /** Where the keys count: everywhere, or only while the focus is within the element of this name (`data-scope`). */
  scope?: Scope;
  /** Keys count even while a text field, an editor or a terminal has the focus. */
  whileTyping?: boolean;
  /** The browser acts on the keys by an event of its own (`paste`), which is followed elsewhere: they are only listed. */
  byBrowser?: boolean;
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

/** Register commands while the component is mounted. `make` may use fresh values: what it gave last is what runs. */
export function useCommands(make: () => readonly Command[]): void {
  const latest = useRef(make);
  useLayoutEffect(() => {
    latest.current = make;
  });
  useEffect(() => {
    const find = (id: string) => latest.current().find((other) => other.id === id);
    const stable = latest.current().map((command) => ({
      ...command,
      run: () => find(command.id)?.run(),
      enabled: () => find(command.id)?.enabled?.() ?? true,
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
