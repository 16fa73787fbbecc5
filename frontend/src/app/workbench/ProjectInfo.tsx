import { t } from "@/shared/i18n/i18n";
import type { TextKey } from "@/shared/i18n/en";
import { runCommand, useCommandRegistry } from "@/shared/keyboard/commands";
import { keyLabel } from "@/shared/keyboard/keys";
import { useProject } from "@/shared/project/projectStore";
import { useRuns } from "@/shared/runs/runStore";
import type { Freshness } from "@/wire/generated";

const FIRST_KEYS = ["flow.add", "flow.connect", "flow.open", "runs.all", "flow.jump", "app.palette"] as const;

function useCount(state: Freshness): number {
  return useRuns(({ freshness }) => [...freshness.values()].filter((item) => item.state === state).length);
}

function Chip({ text, count, tone }: { text: TextKey; count: number; tone: string }) {
  if (count === 0) return null;
  return <span className={`tabular rounded-full px-2 py-0.5 text-2xs ${tone}`}>{t(text, { count })}</span>;
}

/** While nothing is selected: the project at a glance, and what to press. */
export function ProjectInfo() {
  const description = useProject((state) => state.description);
  const nodes = useProject((state) => state.nodes.size);
  const edges = useProject((state) => state.edges.size);
  const stale = useCount("stale");
  const failed = useCount("failed");
  const commands = useCommandRegistry((state) => state.commands);
  return (
    <div className="flex flex-col gap-4 p-4">
      {description !== "" && <p className="text-muted">{description}</p>}
      <p className="flex flex-wrap gap-1.5">
        <Chip text="app.info.nodes" count={nodes} tone="bg-hover text-muted" />
        <Chip text="app.info.edges" count={edges} tone="bg-hover text-muted" />
        <Chip text="app.info.stale" count={stale} tone="bg-warn-soft text-warn" />
        <Chip text="app.info.failed" count={failed} tone="bg-bad-soft text-bad" />
      </p>
      <p className="text-xs text-faint">{t("app.info.hint")}</p>
      <section className="border-t border-line pt-3">
        <h2 className="mb-1.5 text-xs font-semibold text-muted">{t("app.info.keys")}</h2>
        <ul>
          {FIRST_KEYS.map((id) => {
            const command = commands.get(id);
            const key = command?.keys?.[0];
            if (command === undefined || key === undefined) return null;
            return (
              <li key={id} className="flex items-center justify-between py-1 text-xs">
                {t(command.title)}
                <kbd className="rounded-sm border border-line-strong bg-raised px-1.5 font-sans text-2xs text-muted">{keyLabel(key)}</kbd>
              </li>
            );
          })}
        </ul>
        <button type="button" className="mt-1.5 text-xs text-accent-text underline underline-offset-2" onClick={() => runCommand("app.keys")}>
          {t("app.info.allKeys")}
        </button>
      </section>
    </div>
  );
}
