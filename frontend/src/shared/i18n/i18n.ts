import { en, type Texts, type TextKey } from "./en";

/** Texts in the language in force. `load` replaces them; the app is rendered anew then. */
let texts: Texts = en;

export type Values = Readonly<Record<string, string | number>>;

/** The text for a key; `{name}` in it is replaced by the value of that name. */
export function t(key: TextKey, values?: Values): string {
  const text = texts[key];
  if (values === undefined) return text;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Switch to a language. Korean is fetched when it is first asked for. */
export async function loadTexts(language: "en" | "ko"): Promise<void> {
  texts = language === "ko" ? (await import("./ko")).ko : en;
  document.documentElement.lang = language;
}
