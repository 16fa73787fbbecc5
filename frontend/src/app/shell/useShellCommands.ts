import { useCommands } from "@/shared/keyboard/commands";
import { setPreference, usePreferences, type Theme } from "@/shared/preferences/preferences";
import { openDialog } from "./shellStore";

const THEMES: readonly Theme[] = ["dark", "light", "contrast", "system"];

function nextTheme(): void {
  const index = THEMES.indexOf(usePreferences.getState().theme);
  setPreference("theme", THEMES[(index + 1) % THEMES.length] ?? "system");
}

function switchLanguage(): void {
  setPreference("language", usePreferences.getState().language === "en" ? "ko" : "en");
}

export function useShellCommands(): void {
  useCommands(() => [
    {
      id: "app.palette",
      title: "app.commandPalette",
      keys: ["Mod+Shift+P", "F1"],
      whileTyping: true,
      run: () => openDialog("palette"),
    },
    { id: "app.keys", title: "app.keyboardMap", keys: ["?"], run: () => openDialog("keys") },
    { id: "app.theme", title: "app.themeNext", run: nextTheme },
    { id: "app.language", title: "app.languageSwitch", run: switchLanguage },
  ]);
}
