import { Contrast, Keyboard, Languages, Moon, Settings2, Sun, SunMoon, Terminal } from "lucide-react";
import { t } from "@/shared/i18n/i18n";
import { setPreference } from "@/shared/preferences/preferences";
import { IconButton } from "@/shared/ui/Button";
import { Menu } from "@/shared/ui/Menu";
import { openDialog } from "./shellStore";

/** Appearance, language and the lists of what can be done: the same on every page. */
export function ShellMenu() {
  return (
    <Menu
      align="end"
      trigger={<IconButton label={t("app.settings")} icon={<Settings2 size={16} />} />}
      items={[
        { label: t("app.commandPalette"), icon: <Terminal size={14} />, keys: "Mod+Shift+P", onSelect: () => openDialog("palette") },
        { label: t("app.keyboardMap"), icon: <Keyboard size={14} />, keys: "?", onSelect: () => openDialog("keys") },
        "-",
        { label: t("app.themeDark"), icon: <Moon size={14} />, onSelect: () => setPreference("theme", "dark") },
        { label: t("app.themeLight"), icon: <Sun size={14} />, onSelect: () => setPreference("theme", "light") },
        { label: t("app.themeContrast"), icon: <Contrast size={14} />, onSelect: () => setPreference("theme", "contrast") },
        { label: t("app.themeSystem"), icon: <SunMoon size={14} />, onSelect: () => setPreference("theme", "system") },
        "-",
        { label: "English", icon: <Languages size={14} />, onSelect: () => setPreference("language", "en") },
        { label: "한국어", icon: <Languages size={14} />, onSelect: () => setPreference("language", "ko") },
      ]}
    />
  );
}
