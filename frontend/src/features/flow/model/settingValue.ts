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

export type Read = { ok: true; value: unknown } | { ok: false };

/** What was typed as the setting's value. */
export function readSetting(kind: SettingKind, text: string): Read {
  const trimmed = text.trim();
  switch (kind) {
    case "integer":
      return /^[+-]?\d+$/.test(trimmed) ? { ok: true, value: Number(trimmed) } : { ok: false };
    case "number":
      return trimmed !== "" && Number.isFinite(Number(trimmed)) ? { ok: true, value: Number(trimmed) } : { ok: false };
    case "json":
      try {
        return { ok: true, value: JSON.parse(trimmed) };
      } catch {
        return { ok: false };
      }
    case "text":
    case "choice":
    case "boolean":
      return { ok: true, value: text };
  }
}

export function settingText(kind: SettingKind, value: unknown): string {
  if (value === undefined) return "";
  return kind === "json" || typeof value !== "string" ? JSON.stringify(value) : value;
}
