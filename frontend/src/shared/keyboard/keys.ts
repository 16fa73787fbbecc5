import { useCommandRegistry, type Command } from "./commands";

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** A key press as it is written in `Command.keys`. */
export function chord(event: KeyboardEvent): string {
  const parts: string[] = [];
  if (isMac ? event.metaKey : event.ctrlKey) parts.push("Mod");
  if (isMac && event.ctrlKey) parts.push("Ctrl");
  if (event.altKey) parts.push("Alt");
  const letter = event.key.length === 1;
  // Shift is part of a character that needs it ("?"), and said for letters and named keys.
  if (event.shiftKey && (!letter || event.key.toLowerCase() !== event.key.toUpperCase())) parts.push("Shift");
  // On a Mac, Alt makes another character of a letter.
  const written = event.altKey ? (/^Key([A-Z])$/.exec(event.code)?.[1] ?? event.key) : event.key;
  const key = written === " " ? "Space" : written;
  parts.push(letter ? key.toUpperCase() : key);
  return parts.join("+");
}

/** How a chord is shown to people on this system. */
export function keyLabel(keys: string): string {
  const names: Record<string, string> = isMac
    ? { Mod: "⌘", Shift: "⇧", Alt: "⌥", Ctrl: "⌃" }
    : { Mod: "Ctrl" };
  const arrows: Record<string, string> = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→" };
  return keys
    .split("+")
    .map((part) => names[part] ?? arrows[part] ?? (part === "" ? "+" : part))
    .join(isMac ? "" : "+");
}

export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.isContentEditable ||
    target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, .nokey, [role=textbox]") !== null
  );
}

/** Whether a dialog is open, which keeps keys to itself. */
export function isModal(): boolean {
  return document.querySelector("[role=dialog][data-state=open]") !== null;
}

function inScope(command: Command, target: EventTarget | null): boolean {
  if (command.scope === undefined) return true;
  return target instanceof Element && target.closest(`[data-scope="${command.scope}"]`) !== null;
}

/** Run the command that a key press means; the narrower scope wins. Returns whether there was one. */
export function dispatchKey(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.isComposing) return false;
  const pressed = chord(event);
  const typing = isTyping(event.target);
  if (isModal()) return false;
  const found = [...useCommandRegistry.getState().commands.values()]
    .filter((command) => command.keys?.includes(pressed) === true && command.byBrowser !== true)
    .filter((command) => (!typing || command.whileTyping === true) && inScope(command, event.target))
    .filter((command) => command.enabled?.() !== false)
    .sort((a, b) => Number(b.scope !== undefined) - Number(a.scope !== undefined))[0];
  if (found === undefined) return false;
  event.preventDefault();
  event.stopPropagation();
  found.run();
  return true;
}

/** Listen for the whole page. */
export function installKeyboard(): () => void {
  const listener = (event: KeyboardEvent) => void dispatchKey(event);
  window.addEventListener("keydown", listener, { capture: true });
  return () => window.removeEventListener("keydown", listener, { capture: true });
}
