import { t } from "@/shared/i18n/i18n";
import { useCommandRegistry, type Command } from "@/shared/keyboard/commands";
import { keyLabel } from "@/shared/keyboard/keys";
import { Dialog } from "@/shared/ui/Dialog";
import { openDialog, useShell } from "./shellStore";

function byScope(commands: Iterable<Command>): Map<string, Command[]> {
  const groups = new Map<string, Command[]>();
  for (const command of commands) {
    if (command.keys === undefined) continue;
    const scope = command.scope ?? "";
    groups.set(scope, [...(groups.get(scope) ?? []), command]);
  }
  return groups;
}

export function KeyboardMap() {
  const open = useShell((state) => state.dialog === "keys");
  const commands = useCommandRegistry((state) => state.commands);
  return (
    <Dialog open={open} onClose={() => openDialog(null)} title={t("app.keyboardMap")} width="lg">
      <div tabIndex={0} className="columns-1 gap-8 sm:columns-2">
        {[...byScope(commands.values())].map(([scope, list]) => (
          <section key={scope} className="mb-5">
            <h2 className="mb-1 text-xs font-semibold text-muted">
              {scope === "" ? t("app.anywhere") : t("app.inScope", { scope })}
            </h2>
            <dl>
              {list.map((command) => (
                <div key={command.id} className="flex items-baseline gap-3 border-b border-line py-1.5">
                  <dt className="flex-1">{t(command.title)}</dt>
                  <dd className="flex gap-1.5">
                    {command.keys?.map((key) => (
                      <kbd key={key} className="rounded-sm border border-line-strong bg-raised px-1.5 font-sans text-xs text-muted">
                        {keyLabel(key)}
                      </kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
