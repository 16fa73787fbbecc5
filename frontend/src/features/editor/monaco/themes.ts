/** Monaco's colours, taken from the product's tokens, so that an editor looks like the panels around it. */

import { monaco } from "./monaco";

const NAME = "aimforge";

/** The page says on its root which theme is in force. */
function baseOf(theme: string | undefined): monaco.editor.BuiltinTheme {
  if (theme === "contrast") return "hc-black";
  return theme === "light" ? "vs" : "vs-dark";
}

/** Six digits, as Monaco wants them. Tokens are written so; a colour that is not is left to the base theme. */
function token(styles: CSSStyleDeclaration, name: string): string | undefined {
  const value = styles.getPropertyValue(name).trim();
  return /^#[0-9a-f]{6}$/i.test(value) ? value : undefined;
}

function colours(styles: CSSStyleDeclaration, names: Readonly<Record<string, string>>, alpha = ""): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [key, name] of Object.entries(names)) {
    const value = token(styles, name);
    if (value !== undefined) found[key] = value + alpha;
  }
  return found;
}

function rules(styles: CSSStyleDeclaration): monaco.editor.ITokenThemeRule[] {
  const kinds: readonly (readonly [string, string, string?])[] = [
    ["comment", "--faint", "italic"],
    ["keyword", "--code"],
    ["string", "--ok"],
    ["string.escape", "--input-kind"],
    ["number", "--accent-text"],
    ["tag", "--warn"],
    ["type", "--input-kind"],
    ["identifier", "--text"],
    ["delimiter", "--muted"],
  ];
  return kinds.flatMap(([kind, name, fontStyle]) => {
    const foreground = token(styles, name)?.slice(1);
    return foreground === undefined ? [] : [{ token: kind, foreground, ...(fontStyle === undefined ? {} : { fontStyle }) }];
  });
}

function apply(): void {
  const styles = getComputedStyle(document.documentElement);
  monaco.editor.defineTheme(NAME, {
    base: baseOf(document.documentElement.dataset["theme"]),
    inherit: true,
    rules: rules(styles),
    colors: {
      ...colours(styles, {
        "editor.background": "--panel",
        "editor.foreground": "--text",
        "editorCursor.foreground": "--accent",
        "editorLineNumber.foreground": "--faint",
        "editorLineNumber.activeForeground": "--text",
        "editorWidget.background": "--raised",
        "editorWidget.border": "--line-strong",
        "editorHoverWidget.background": "--raised",
        "editorSuggestWidget.background": "--raised",
        "editorSuggestWidget.selectedBackground": "--hover",
        "editorSuggestWidget.selectedForeground": "--text",
        "editorSuggestWidget.selectedIconForeground": "--text",
        "editorSuggestWidget.focusHighlightForeground": "--accent-text",
        "editorSuggestWidget.border": "--line-strong",
        "editorSuggestWidget.foreground": "--text",
        "editorSuggestWidget.highlightForeground": "--accent-text",
        "editorBracketHighlight.foreground1": "--muted",
        "editorBracketHighlight.foreground2": "--accent-text",
        "editorBracketHighlight.foreground3": "--input-kind",
        "editorIndentGuide.background1": "--line",
        "editorIndentGuide.activeBackground1": "--line-strong",
        "editorError.foreground": "--bad",
        "editorWarning.foreground": "--warn",
        "editorInfo.foreground": "--info",
        "input.background": "--base",
        "input.foreground": "--text",
        "input.border": "--line-strong",
        "list.hoverBackground": "--hover",
        "menu.background": "--raised",
        "menu.foreground": "--text",
        "quickInput.background": "--raised",
        "quickInput.foreground": "--text",
        "quickInputList.focusBackground": "--hover",
        "quickInputList.focusForeground": "--text",
        "list.focusBackground": "--hover",
        "list.focusForeground": "--text",
        "list.activeSelectionBackground": "--hover",
        "list.activeSelectionForeground": "--text",
        "editorActionList.background": "--raised",
        "editorActionList.foreground": "--text",
        "editorActionList.focusBackground": "--hover",
        "editorActionList.focusForeground": "--text",
        focusBorder: "--focus",
      }),
      ...colours(styles, { "editor.lineHighlightBackground": "--hover" }, "80"),
      ...colours(styles, { "diffEditor.insertedTextBackground": "--ok", "diffEditor.removedTextBackground": "--bad" }, "30"),
    },
  });
  monaco.editor.setTheme(NAME);
}

/** Keeps Monaco's theme that of the page. Returns what ends it. */
export function followTheme(): () => void {
  apply();
  const observer = new MutationObserver(apply);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  return () => observer.disconnect();
}
