import { useEffect, useEffectEvent, useRef } from "react";

import { t } from "@/shared/i18n/i18n";
import { usePreferences } from "@/shared/preferences/preferences";
import { Button } from "@/shared/ui/Button";
import { goToTab } from "@/shared/workspace/workspace";

import type { CodeEditor, ConflictEditor } from "./monaco/codeEditor";
import type { OpenModel } from "./monaco/openModel";
import type { Runtime } from "./monaco/runtime";

/** The file changed elsewhere while it was edited here: both texts, and a choice. One's own can be merged by hand. */
interface ConflictViewProps {
  runtime: Runtime;
  open: OpenModel;
  theirs: string;
  /** The editor whose place it takes, if that one had the focus. */
  from: CodeEditor | null;
}

export function ConflictView({ runtime, open, theirs, from }: ConflictViewProps) {
  const host = useRef<HTMLDivElement>(null);
  const fontSize = usePreferences((state) => state.editorFontSize);
  const { model } = open;
  const goOn = useEffectEvent((editor: ConflictEditor) => {
    const at = document.activeElement;
    if (from === null || (at !== document.body && host.current?.closest("[data-scope=editor]")?.contains(at) !== true)) return;
    const { line, column } = from.place();
    editor.focus(line, column);
  });
  useEffect(() => {
    if (host.current === null || model === undefined) return;
    const options = { label: t("editor.conflictLabel"), fontSize, readOnly: false };
    const editor = runtime.createConflictEditor(host.current, theirs, model, options);
    goOn(editor);
    return () => editor.dispose();
  }, [runtime, model, theirs, fontSize]);
  const resolve = (choice: "mine" | "theirs") => {
    void open.document.resolve(choice);
    goToTab(open.document.key);
  };
  return (
    <section aria-label={t("editor.conflictLabel")} className="flex min-h-0 flex-1 flex-col" data-conflict>
      <div role="alert" className="flex flex-wrap items-center gap-2 bg-warn-soft px-3 py-2 text-sm text-warn">
        <p className="min-w-60 flex-1">{t("editor.conflict")}</p>
        <div className="flex gap-2">
          <Button small onClick={() => resolve("theirs")}>
            {t("editor.takeTheirs")}
          </Button>
          <Button small tone="primary" onClick={() => resolve("mine")}>
            {t("editor.keepMine")}
          </Button>
        </div>
      </div>
      <div className="@container border-b border-line text-xs text-muted">
        {/* Side by side, each heading stands over its column; one below the other, the signs say which lines are whose. */}
        <div className="flex gap-4 px-3 py-1 @min-[700px]:gap-0">
          <span className="@min-[700px]:flex-1">
            <span className="font-mono text-bad @min-[700px]:hidden">− </span>
            {t("editor.theirs")}
          </span>
          <span className="@min-[700px]:flex-1">
            <span className="font-mono text-ok @min-[700px]:hidden">+ </span>
            {t("editor.mine")}
          </span>
        </div>
      </div>
      <div ref={host} className="nokey min-h-0 flex-1" />
    </section>
  );
}
