import { t } from "@/shared/i18n/i18n";
import { runCommand, useCommandRegistry } from "@/shared/keyboard/commands";
import { keyLabel } from "@/shared/keyboard/keys";
import { PickDialog } from "@/shared/ui/PickDialog";
import { openDialog, useShell } from "./shellStore";

export function CommandPalette() {
  const open = useShell((state) => state.dialog === "palette");
  const commands = useCommandRegistry((state) => state.commands);
  const items = [...commands.values()]
    .filter((command) => command.hidden !== true && command.id !== "app.palette" && command.enabled?.() !== false)
    .map((command) => {
      const key = command.keys?.[0];
      return { id: command.id, label: t(command.title), ...(key === undefined ? {} : { aside: keyLabel(key) }) };
    });
  return (
    <PickDialog
      open={open}
      title={t("app.commandPalette")}
      placeholder={t("app.commandPlaceholder")}
      empty={t("app.noCommand")}
      items={open ? items : []}
      onClose={() => openDialog(null)}
      onPick={(id) => {
        openDialog(null);
        // After the dialog gave the focus back.
        setTimeout(() => runCommand(id));
      }}
    />
  );
}
