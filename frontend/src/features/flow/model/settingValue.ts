import type { TextKey } from "@/shared/i18n/en";
import type { Setting } from "@/wire/generated";

export type SettingKind = "choice" | "boolean" | "integer" | "number" | "text" | "json";

/** How a setting is edited, from its annotation, or from its default where there is none. */
export function settingKind({ type, default: value, choices }: Setting): SettingKind {
  if (choices.length > 0) return "choice";
  const bare = type.replace(/\s*\|\s*None$/, "").replace(/^Optional\[(.*)\]$/, "$1");
  if (bare === "bool") return "boolean";
  if (bare === "int") return "integer";
  if (bare === "float") return "number";
  if (bare === "str") return "text";
  if (bare !== "") return "json";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  if (typeof value === "string") return "text";
  return "json";
}

export type Read = { ok: true; value: unknown } | { ok: false; problem: TextKey };

function readInteger(text: string): Read {
  if (!/^[+-]?\d+$/.test(text)) return { ok: false, problem: "flow.notAnInteger" };
  const value = Number(text);
  // Beyond that, another number would be saved than the one that was typed.
  return Number.isSafeInteger(value) ? { ok: true, value } : { ok: false, problem: "flow.integerTooLarge" };
}

function readNumber(text: string): Read {
  const value = Number(text);
  return text !== "" && Number.isFinite(value) ? { ok: true, value } : { ok: false, problem: "flow.notANumber" };
}

/** What was typed as the setting's value; what is none of its kind comes back with what is wrong with it. */
export function readSetting(kind: SettingKind, text: string): Read {
  const trimmed = text.trim();
  switch (kind) {
    case "integer":
      return readInteger(trimmed);
    case "number":
      return readNumber(trimmed);
    case "json":
      try {
        return { ok: true, value: JSON.parse(trimmed) };
      } catch {
        return { ok: false, problem: "flow.notJson" };
      }
    case "text":
    case "choice":
    case "boolean":
      return { ok: true, value: text };
  }
}

/** A node's time limit as it was typed, in seconds; null, for nothing, is what holds for all nodes. */
export function readTimeout(text: string): { ok: true; value: number | null } | { ok: false; problem: TextKey } {
  const trimmed = text.trim();
  if (trimmed === "") return { ok: true, value: null };
  const value = Number(trimmed);
  return Number.isFinite(value) && value > 0 ? { ok: true, value } : { ok: false, problem: "flow.notATimeout" };
}

export function settingText(kind: SettingKind, value: unknown): string {
  if (value === undefined) return "";
  return kind === "json" || typeof value !== "string" ? JSON.stringify(value) : value;
}
