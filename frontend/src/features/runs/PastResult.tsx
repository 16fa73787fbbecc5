import { Code2 } from "lucide-react";
import { t } from "@/shared/i18n/i18n";
import { toldPlainly } from "@/shared/i18n/told";
import { useProject } from "@/shared/project/projectStore";
import { useRuns } from "@/shared/runs/runStore";
import { Button } from "@/shared/ui/Button";
import { openNode } from "@/shared/workspace/workspace";
import type { NodeResult } from "@/wire/generated";
import { ErrorView } from "./ErrorView";
import { Log, Outputs } from "./Outputs";

/** What a node gave in a run, also one that later runs came after. */
export function PastResult({ runId, result }: { runId: string; result: NodeResult }) {
  const known = useProject((state) => state.nodes.get(result.node_id));
  const newest = useRuns((state) => state.nodes.get(result.node_id)?.runId === runId);
  const { status, displays, output, stdout, stderr } = result;
  return (
    <section aria-label={t("runs.results")} className="mt-2 border-t border-line">
      <div className="flex items-center gap-2 px-3 py-1.5">
        <h3 className="min-w-0 flex-1 truncate text-xs font-semibold">{known?.title ?? result.node_id}</h3>
        <span className="text-2xs text-faint">{toldPlainly(result.reason)}</span>
        {known?.kind === "code" && (
          <Button small icon={<Code2 size={13} />} onClick={() => openNode(result.node_id)}>
            {t("runs.history.openCode")}
          </Button>
        )}
      </div>
      {result.error !== null && <ErrorView error={result.error} />}
      <Outputs runId={runId} nodeId={result.node_id} status={status} displays={displays} output={output} newest={newest} />
      {(stdout !== "" || stderr !== "") && <Log stdout={stdout} stderr={stderr} />}
    </section>
  );
}
