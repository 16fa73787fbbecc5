import { create } from "zustand";

export type Theme = "system" | "dark" | "light" | "contrast";
export type Language = "en" | "ko";

export interface Preferences {
  theme: Theme;
  language: Language;
  editorFontSize: number;
  terminalFontSize: number;
  terminalWebgl: boolean;
  minimap: boolean;
  /** What turning the wheel does over the canvas. */
  wheel: "zoom" | "pan";
}

const KEY = "aimforge.preferences";

function initial(): Preferences {
  const defaults: Preferences = {
    theme: "system",
    language: navigator.language.startsWith("ko") ? "ko" : "en",
    editorFontSize: 13,
    terminalFontSize: 13,
    terminalWebgl: false,
    minimap: true,
    wheel: "zoom",
  };
  return { ...defaults, ...read() };
}

/** What was stored, each field checked: an older or broken entry must not break the page. */
function read(): Partial<Preferences> {
  let stored: unknown;
  try {
    stored = JSON.parse(localStorage.getItem(KEY) ?? "{}");
  } catch {
    return {};
  }
  if (typeof stored !== "object" || stored === null) return {};
  const found: Partial<Preferences> = {};
  const entries: [string, unknown][] = Object.entries(stored);
  for (const [key, value] of entries) {
    if (key === "theme" && (value === "system" || value === "dark" || value === "light" || value === "contrast"))
      found.theme = value;
    if (key === "language" && (value === "en" || value === "ko")) found.language = value;
    if (key === "editorFontSize" && typeof value === "number") found.editorFontSize = value;
    if (key === "terminalFontSize" && typeof value === "number") found.terminalFontSize = value;
    if (key === "terminalWebgl" && typeof value === "boolean") found.terminalWebgl = value;
    if (key === "minimap" && typeof value === "boolean") found.minimap = value;
    if (key === "wheel" && (value === "zoom" || value === "pan")) found.wheel = value;
  }
  return found;
}

/** Settings of this browser, kept across visits. */
export const usePreferences = create<Preferences>()(initial);

export function setPreference<K extends keyof Preferences>(key: K, value: Preferences[K]): void {
  usePreferences.setState({ [key]: value });
  localStorage.setItem(KEY, JSON.stringify(usePreferences.getState()));
}

/** The theme in force: what the system wants is asked when the preference says so. */
export function effectiveTheme(theme: Theme): "dark" | "light" | "contrast" {
  if (theme !== "system") return theme;
  if (window.matchMedia("(prefers-contrast: more)").matches) return "contrast";
  return window.matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
}
