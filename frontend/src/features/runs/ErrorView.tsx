import { CornerDownRight, Lightbulb } from "lucide-react";
import { Fragment } from "react";
import { t } from "@/shared/i18n/i18n";
import { toldRunError } from "@/shared/i18n/told";
import { nodeByFile, useProject } from "@/shared/project/projectStore";
import { openFile, openNode } from "@/shared/workspace/workspace";
import { Hint } from "@/shared/ui/Hint";
import type { Frame, RunError } from "@/wire/generated";
import { foldRepeats } from "./repeats";

function open(frame: Frame): void {
  const node = frame.node === "" ? nodeByFile(frame.file)?.id : frame.node;
  if (node === undefined) openFile(frame.file, frame.line);
  else openNode(node, frame.line);
}

function FrameRow({ frame }: { frame: Frame }) {
  const title = useProject((state) => state.nodes.get(frame.node)?.title);
  return (
    <li>
      <Hint text={t("runs.error.open")}>
        <button
          type="button"
          onClick={() => open(frame)}
          className="w-full rounded-sm px-2 py-1 text-left hover:bg-hover"
        >
          <span className="flex items-baseline gap-1.5 text-xs">
            <CornerDownRight size={12} className="shrink-0 translate-y-0.5 text-faint" />
            <span className="min-w-0 truncate font-medium text-accent-text underline decoration-dotted underline-offset-2">
              {title ?? frame.file}
            </span>
            <span className="tabular text-muted">{t("runs.error.line", { line: frame.line })}</span>
            <span className="truncate font-mono text-faint">{frame.function}</span>
          </span>
          {frame.text !== "" && <code className="block truncate pl-5 font-mono text-2xs text-muted">{frame.text}</code>}
        </button>
      </Hint>
    </li>
  );
}

/** An error with the lines of the project's own code that led to it; each opens in the editor. */
export function ErrorView({ error }: { error: RunError }) {
  const { lead, message, hint } = toldRunError(error);
  return (
    <div role="alert" className="mx-2.5 mb-2 rounded-lg border border-bad/40 bg-bad-soft">
      <div className="px-3 py-2">
        <p className="text-sm font-semibold text-bad">{error.type}</p>
        {lead !== "" && <p className="text-xs">{lead}</p>}
        <p className="text-xs break-words whitespace-pre-wrap">{message}</p>
        {hint !== "" && (
          <p className="mt-1.5 flex gap-1.5 text-xs text-muted">
            <Lightbulb size={13} className="mt-0.5 shrink-0 text-warn" />
            {hint}
          </p>
        )}
      </div>
      {error.frames.length > 0 && (
        <ul aria-label={t("runs.error.frames")} className="border-t border-bad/30 bg-panel/60 p-1">
          {foldRepeats(error.frames).map(({ frame, times }, index) => (
            <Fragment key={index}>
              <FrameRow frame={frame} />
              {times > 1 && <li className="px-2 pb-1 pl-7 text-2xs text-muted">{t("runs.error.repeated", { count: times - 1 })}</li>}
            </Fragment>
          ))}
        </ul>
      )}
    </div>
  );
}
