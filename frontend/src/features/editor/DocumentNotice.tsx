import { CircleAlert, RotateCcw, Save } from "lucide-react";
import type { ReactNode } from "react";

import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";

import type { DocumentState, EditorDocument } from "./documents/editorDocument";

function Bar({ tone, children, actions }: { tone: "bad" | "warn" | "info"; children: ReactNode; actions?: ReactNode }) {
  const tones = { bad: "bg-bad-soft text-bad", warn: "bg-warn-soft text-warn", info: "bg-info-soft text-info" };
  return (
    <div role="status" className={`flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1 px-3 py-1.5 text-sm ${tones[tone]}`}>
      <CircleAlert size={15} aria-hidden className="shrink-0" />
      <span className="min-w-0 flex-1">{children}</span>
      {actions}
    </div>
  );
}

interface DocumentNoticeProps {
  state: DocumentState;
  document: EditorDocument;
  recreatable: boolean;
}

/** What a person must know about the text below, and what they can do about it. */
export function DocumentNotice({ state, document, recreatable }: DocumentNoticeProps) {
  if (state.status !== "ready") return null;
  const { save } = state;
  const again = (label: string, icon: ReactNode) => (
    <Button small icon={icon} onClick={() => void document.save()}>
      {label}
    </Button>
  );
  if (save.kind === "failed") {
    const words = save.retries ? t("editor.saveRetries", { message: save.message }) : t("editor.saveFailed", { message: save.message });
    return (
      <Bar tone="bad" actions={again(t("editor.saveNow"), <RotateCcw size={13} />)}>
        {words}
      </Bar>
    );
  }
  if (save.kind === "gone") {
    return (
      <Bar tone="warn" actions={recreatable ? again(t("editor.saveAgain"), <Save size={13} />) : undefined}>
        {recreatable ? t("editor.fileGone") : t("editor.nodeGone")}
      </Bar>
    );
  }
  return state.draftRestored && save.kind !== "conflict" ? <Bar tone="info">{t("editor.draftRestored")}</Bar> : null;
}
