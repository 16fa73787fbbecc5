import { Inspector } from "@/features/flow/panels/Inspector";
import { useSelection } from "@/features/flow/model/selection";
import { NodeResults } from "@/features/runs/NodeResults";
import { t } from "@/shared/i18n/i18n";
import { useProject } from "@/shared/project/projectStore";
import { ErrorBoundary } from "@/shared/ui/ErrorBoundary";
import { ProjectInfo } from "./ProjectInfo";

/** What is known of the one node that is selected: its settings, and below them its results. */
export function RightArea() {
  const id = useSelection((state) => (state.nodes.size === 1 ? [...state.nodes][0] : undefined));
  const node = useProject((state) => (id === undefined ? undefined : state.nodes.get(id)));
  return (
    <section aria-label={t("app.panel.inspector")} data-area="right" className="flex h-full flex-col overflow-y-auto bg-panel">
      <ErrorBoundary key={id} name={t("app.panel.inspector")}>
        {node === undefined ? (
          <ProjectInfo />
        ) : (
          <>
            <Inspector node={node} />
            {node.kind !== "note" && node.kind !== "group" && <NodeResults node={node} />}
          </>
        )}
      </ErrorBoundary>
    </section>
  );
}
