import { CircleAlert, History, SquareTerminal, X } from "lucide-react";
import { lazy, Suspense, useState, type ReactNode } from "react";
import { RunsPane } from "@/features/runs/RunsPane";
import { t } from "@/shared/i18n/i18n";
import { IconButton } from "@/shared/ui/Button";
import { ErrorBoundary } from "@/shared/ui/ErrorBoundary";
import { Loading } from "@/shared/ui/states";
import { showBottom, useWorkspace, type BottomPanel } from "@/shared/workspace/workspace";
import { Problems } from "./Problems";
import { TabStrip } from "./TabStrip";

const TerminalPane = lazy(() =>
  import("@/features/terminal/TerminalPane").then((module) => ({ default: module.TerminalPane })),
);

const PANES: Record<BottomPanel, () => ReactNode> = {
  terminal: () => <TerminalPane />,
  problems: () => <Problems />,
  runs: () => <RunsPane />,
};

function count(problems: ReadonlyMap<string, readonly { severity: string }[]>): number {
  let errors = 0;
  for (const list of problems.values()) errors += list.filter((problem) => problem.severity === "error").length;
  return errors;
}

/** Panes stay as they are while another is in front. */
export function BottomArea() {
  const active = useWorkspace((state) => state.bottom);
  const errors = useWorkspace((state) => count(state.problems));
  const [made, setMade] = useState<readonly BottomPanel[]>([]);
  if (active !== null && !made.includes(active)) setMade([...made, active]);
  return (
    <section aria-label={t(`app.panel.${active ?? "terminal"}`)} data-area="bottom" className="flex h-full flex-col bg-panel">
      <TabStrip
        label={t("app.lowerPanel")}
        active={active}
        onSelect={showBottom}
        tabs={[
          { id: "terminal", label: t("app.panel.terminal"), icon: <SquareTerminal size={14} /> },
          { id: "problems", label: t("app.panel.problems"), icon: <CircleAlert size={14} />, badge: errors },
          { id: "runs", label: t("app.panel.runs"), icon: <History size={14} /> },
        ]}
      >
        <IconButton small label={t("app.hidePanel")} icon={<X size={14} />} onClick={() => showBottom(null)} />
      </TabStrip>
      <div className="relative min-h-0 flex-1">
        {made.map((pane) => (
          <div key={pane} className="absolute inset-0" hidden={pane !== active}>
            <ErrorBoundary name={t(`app.panel.${pane}`)}>
              <Suspense fallback={<Loading label={t("app.loading")} />}>{PANES[pane]()}</Suspense>
            </ErrorBoundary>
          </div>
        ))}
      </div>
    </section>
  );
}
