import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import { t } from "@/shared/i18n/i18n";
import { useProject } from "@/shared/project/projectStore";
import { EmptyState } from "@/shared/ui/states";
import { openFile, openNode, useWorkspace, type Problem, type Target } from "@/shared/workspace/workspace";

const ICONS = {
  error: <CircleAlert size={14} className="text-bad" />,
  warning: <TriangleAlert size={14} className="text-warn" />,
  info: <Info size={14} className="text-info" />,
};
const ORDER = { error: 0, warning: 1, info: 2 };

function open({ target, line, column }: Problem): void {
  if (target.kind === "node") openNode(target.nodeId, line, column);
  else openFile(target.path, line, column);
}

/** What the language servers say, the worst first; a click opens the line. */
export function Problems() {
  const problems = useWorkspace((state) => state.problems);
  const nodes = useProject((state) => state.nodes);
  const all = [...problems.values()].flat().sort((a, b) => ORDER[a.severity] - ORDER[b.severity] || a.line - b.line);
  const place = (target: Target) =>
    target.kind === "node" ? (nodes.get(target.nodeId)?.title ?? target.nodeId) : target.path;
  if (all.length === 0) {
    return (
      <EmptyState icon={<CircleCheck size={22} />} title={t("app.noProblems")}>
        {t("app.noProblemsHint")}
      </EmptyState>
    );
  }
  return (
    <ul className="h-full overflow-y-auto p-1">
      {all.map((problem, index) => (
        <li key={`${problem.owner} ${place(problem.target)} ${String(problem.line)} ${String(index)}`}>
          <button
            type="button"
            onClick={() => open(problem)}
            className="flex w-full items-baseline gap-2.5 rounded-sm px-2 py-1 text-left hover:bg-hover"
          >
            <span className="translate-y-0.5">{ICONS[problem.severity]}</span>
            <span className="min-w-0 flex-1 break-words">{problem.message}</span>
            <span className="text-xs text-faint">
              {problem.owner} {problem.code}
            </span>
            <span className="tabular text-xs text-muted">
              {place(problem.target)}:{problem.line}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
