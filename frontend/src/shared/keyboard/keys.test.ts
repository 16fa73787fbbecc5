import { afterEach, expect, it, vi } from "vitest";
import { registerCommands, type Command } from "./commands";
import { chord, dispatchKey } from "./keys";

let unregister: () => void = () => undefined;
afterEach(() => unregister());

function pressed(command: Partial<Command>): { run: ReturnType<typeof vi.fn>; event: KeyboardEvent } {
  const run = vi.fn();
  unregister = registerCommands([{ id: "flow.paste", title: "flow.paste", keys: ["Mod+V"], ...command, run }]);
  const event = new KeyboardEvent("keydown", { key: "v", ctrlKey: true, cancelable: true });
  dispatchKey(event);
  return { run, event };
}

it("runs the command that keys mean, in place of what the browser would do", () => {
  const { run, event } = pressed({});
  expect(run).toHaveBeenCalledOnce();
  expect(event.defaultPrevented).toBe(true);
});

it("leaves keys to the browser that it turns into an event of its own", () => {
  const { run, event } = pressed({ byBrowser: true });
  expect(run).not.toHaveBeenCalled();
  expect(event.defaultPrevented).toBe(false);
});

it.each([
  ["©", "KeyG", "Alt+G"],
  ["g", "KeyG", "Alt+G"],
  ["ArrowLeft", "ArrowLeft", "Alt+ArrowLeft"],
])("knows a letter by its key where Alt makes it %s", (key, code, written) => {
  expect(chord(new KeyboardEvent("keydown", { key, code, altKey: true }))).toBe(written);
});
