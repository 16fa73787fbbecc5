import { ChevronDown, Eraser, FastForward, Play, RefreshCw, SlidersHorizontal, Square, StepForward } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";
import type { TextKey } from "@/shared/i18n/en";
import { t } from "@/shared/i18n/i18n";
import { runCommand, useCommandRegistry } from "@/shared/keyboard/commands";
import { useMayEdit, useProject } from "@/shared/project/projectStore";
import { cancelAllRuns, clearCache, runFlow } from "@/shared/runs/runActions";
import { isFinal } from "@/shared/runs/runState";
import { useRuns } from "@/shared/runs/runStore";
import { Button } from "@/shared/ui/Button";
import { Menu, type MenuItem } from "@/shared/ui/Menu";
import { duration } from "@/shared/ui/relativeTime";
import { showBottom } from "@/shared/workspace/workspace";
import { ParamsDialog } from "./ParamsDialog";

function Progress() {
  const run = useRuns((state) => [...state.active.values()][0]);
  const done = useRuns((state) => {
    const current = [...state.active.values()][0];
    return current?.nodeIds.filter((id) => isFinal(state.nodes.get(id)?.status ?? "queued")).length ?? 0;
  });
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 200);
    return () => clearInterval(timer);
  }, []);
  if (run === undefined) return null;
  return (
    <button
      type="button"
      onClick={() => showBottom("runs")}
      className="tabular flex h-8 items-center gap-2 rounded-md px-2 text-xs text-muted hover:bg-hover"
    >
      <span className="h-1.5 w-16 overflow-hidden rounded-full bg-hover">
        <span className="block h-full bg-accent" style={{ width: `${(100 * done) / Math.max(1, run.nodeIds.length)}%` }} />
      </span>
      {/* As wide as a long one: the button to stop must not move away from the pointer. */}
      <span className="min-w-24 text-left">
        {done}/{run.nodeIds.length} · {duration(Math.max(0, now - run.startedAt))}
      </span>
    </button>
  );
}

/** Run a part of the flow, as the command for the selected node does. */
function partial(command: string, title: TextKey, keys: string, icon: ReactNode): MenuItem {
  const enabled = useCommandRegistry.getState().commands.get(command)?.enabled?.() === true;
  return { label: t(title), icon, keys, disabled: !enabled, onSelect: () => runCommand(command) };
}

/** Run the flow, or a part of it, and stop it. */
export function RunBar() {
  const running = useRuns((state) => state.active.size > 0);
  const empty = useProject((state) => state.nodes.size === 0);
  const blocked = !useMayEdit() || empty;
  const [asking, setAsking] = useState(false);
  return (
    <div className="flex items-center gap-1.5">
      {running ? (
        <Button tone="danger" icon={<Square size={13} fill="currentColor" />} disabled={blocked} onClick={cancelAllRuns}>
          {t("runs.cancel")}
        </Button>
      ) : (
        <div className="flex">
          <Button
            tone="primary"
            className="rounded-r-none"
            icon={<Play size={14} fill="currentColor" />}
            disabled={blocked}
            onClick={() => void runFlow()}
          >
            {t("runs.runAll")}
          </Button>
          <Menu
            align="end"
            trigger={
              <Button
                tone="primary"
                aria-label={t("runs.moreWays")}
                disabled={blocked}
                className="rounded-l-none border-l border-l-on-accent/30 px-1.5"
                icon={<ChevronDown size={15} />}
              />
            }
            items={[
              { label: t("runs.runAll"), icon: <Play size={14} />, keys: "Mod+Enter", onSelect: () => void runFlow() },
              { label: t("runs.runFresh"), icon: <RefreshCw size={14} />, onSelect: () => void runFlow({ useCache: false }) },
              { label: t("runs.runWith"), icon: <SlidersHorizontal size={14} />, onSelect: () => setAsking(true) },
              "-",
              partial("runs.until", "runs.runUntil", "Shift+R", <StepForward size={14} />),
              partial("runs.from", "runs.runFrom", "Alt+R", <FastForward size={14} />),
              "-",
              { label: t("runs.clearCache"), icon: <Eraser size={14} />, onSelect: () => void clearCache() },
            ]}
          />
        </div>
      )}
      {running && <Progress />}
      {asking && <ParamsDialog onClose={() => setAsking(false)} />}
    </div>
  );
}
