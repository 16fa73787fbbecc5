import { en, type Texts, type TextKey } from "./en";
import { Sentences } from "./sentences";

/** Texts in the language in force. `load` replaces them; the app is rendered anew then. */
let texts: Texts = en;
/** The server's own sentences in that language; undefined in English, in which it writes them. */
let sentences: Sentences | undefined;

export type Values = Readonly<Record<string, string | number>>;

/** The text for a key; `{name}` in it is replaced by the value of that name. Of "one|several", `count` picks. */
export function t(key: TextKey, values?: Values): string {
  const whole = texts[key];
  if (values === undefined) return whole;
  const [one = whole, several = one] = whole.split("|");
  const text = values["count"] === 1 ? one : several;
  return text.replace(/\{(\w+)\}/g, (found, name: string) => String(values[name] ?? found));
}

/** Whether there is a text of this key, which was put together from what a server said. */
export function hasText(key: string): key is TextKey {
  return Object.hasOwn(en, key);
}

/** Whether texts are in another language than the server's own sentences. */
export function isKorean(): boolean {
  return sentences !== undefined;
}

/** A sentence of the server in the language in force; undefined when only its English is known. */
export function translated(sentence: string): string | undefined {
  return sentences === undefined ? sentence : sentences.find(sentence);
}

/** Switch to a language. Korean is fetched when it is first asked for. */
export async function loadTexts(language: "en" | "ko"): Promise<void> {
  const korean = language === "ko" ? await import("./ko") : undefined;
  texts = korean?.ko ?? en;
  sentences = korean === undefined ? undefined : new Sentences(korean.sentences);
  document.documentElement.lang = language;
}
