import { t } from "@/shared/i18n/i18n";
import { useCommandRegistry, type Command, type Scope } from "@/shared/keyboard/commands";
import { keyLabel } from "@/shared/keyboard/keys";
import { Dialog } from "@/shared/ui/Dialog";
import { openDialog, useShell } from "./shellStore";

type Keys = Map<Command["title"], readonly string[]>;

/** What each key does, by the place where it does it. What is called the same is one line. */
function byScope(commands: Iterable<Command>): Map<Scope | "", Keys> {
  const groups = new Map<Scope | "", Keys>();
  for (const { keys, scope = "", title } of commands) {
    if (keys === undefined) continue;
    const group = groups.get(scope) ?? new Map<Command["title"], readonly string[]>();
    groups.set(scope, group.set(title, [...(group.get(title) ?? []), ...keys]));
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
              {scope === "" ? t("app.anywhere") : t(`app.panel.${scope}`)}
            </h2>
            <dl>
              {[...list].map(([title, keys]) => (
                <div key={title} className="flex break-inside-avoid items-baseline gap-3 border-b border-line py-1.5">
                  <dt className="flex-1">{t(title)}</dt>
                  <dd className="flex gap-1.5">
                    {keys.map((key) => (
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
