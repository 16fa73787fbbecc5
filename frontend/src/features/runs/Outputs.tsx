import { outputPagePath } from "@/shared/api/paths";
import { t } from "@/shared/i18n/i18n";
import { AnsiText } from "@/shared/output/AnsiText";
import { OutputView } from "@/shared/output/OutputView";
import { useProject } from "@/shared/project/projectStore";
import { isFinal } from "@/shared/runs/runState";
import type { Output, RunStatus } from "@/wire/generated";

export interface Given {
  runId: string;
  nodeId: string;
  status: RunStatus;
  displays: readonly Output[];
  output: Output | null;
  /** Say nothing of it that there is nothing: the lines above tell why. */
  quiet?: boolean;
  /** Whether pages of a table can be asked for: only of the newest result, which the sandbox still holds. */
  newest: boolean;
}

/** What a node displayed, and what it returned. */
export function Outputs({ runId, nodeId, status, displays, output, quiet = false, newest }: Given) {
  const projectId = useProject((state) => state.id);
  return (
    <>
      {displays.map((display, index) => (
        <div key={index} className="border-b border-line">
          <OutputView output={display} page={outputPagePath(projectId, runId, nodeId, index)} />
        </div>
      ))}
      {output !== null && (
        <OutputView output={output} page={outputPagePath(projectId, runId, nodeId)} {...(newest ? { nodeId } : {})} />
      )}
      {!quiet && output === null && displays.length === 0 && (
        <p className="px-3.5 py-2 text-xs text-faint">{isFinal(status) ? t("runs.output.nothing") : t(`runs.status.${status}`)}</p>
      )}
    </>
  );
}

/** What a node printed. */
export function Log({ stdout, stderr }: { stdout: string; stderr: string }) {
  if (stdout === "" && stderr === "") return <p className="px-3.5 py-2 text-xs text-faint">{t("runs.noLog")}</p>;
  return (
    <div className="flex max-h-96 flex-col-reverse overflow-auto px-3.5 py-2" tabIndex={0} role="log" aria-label={t("runs.log")}>
      <div>
        <AnsiText text={stdout} />
        {stderr !== "" && (
          <div className="mt-2 border-l-2 border-warn pl-2">
            <AnsiText text={stderr} />
          </div>
        )}
      </div>
    </div>
  );
}
