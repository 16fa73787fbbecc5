import type { ITheme } from "@xterm/xterm";

/** The terminal's colours from the product's tokens. */
export function xtermTheme(): ITheme {
  const styles = getComputedStyle(document.documentElement);
  const token = (name: string) => styles.getPropertyValue(name).trim();
  const bright = {
    brightRed: token("--bad"),
    brightGreen: token("--ok"),
    brightYellow: token("--warn"),
    brightBlue: token("--info"),
    brightMagenta: token("--code"),
    brightCyan: token("--input-kind"),
    brightWhite: token("--text"),
    brightBlack: token("--faint"),
  };
  return {
    background: token("--panel"),
    foreground: token("--text"),
    cursor: token("--accent"),
    cursorAccent: token("--panel"),
    selectionBackground: token("--accent-soft"),
    black: token("--line-strong"),
    red: token("--bad"),
    green: token("--ok"),
    yellow: token("--warn"),
    blue: token("--info"),
    magenta: token("--code"),
    cyan: token("--input-kind"),
    white: token("--muted"),
    ...bright,
  };
}
