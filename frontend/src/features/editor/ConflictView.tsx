import { useEffect, useRef } from "react";

import { t } from "@/shared/i18n/i18n";
import { usePreferences } from "@/shared/preferences/preferences";
import { Button } from "@/shared/ui/Button";

import type { OpenModel } from "./monaco/openModel";
import type { Runtime } from "./monaco/runtime";

/** The file changed elsewhere while it was edited here: both texts, and a choice. One's own can be merged by hand. */
export function ConflictView({ runtime, open, theirs }: { runtime: Runtime; open: OpenModel; theirs: string }) {
  const host = useRef<HTMLDivElement>(null);
  const fontSize = usePreferences((state) => state.editorFontSize);
  const { model } = open;
  useEffect(() => {
    if (host.current === null || model === undefined) return;
    const options = { label: t("editor.conflictLabel"), fontSize, readOnly: false };
    const editor = runtime.createConflictEditor(host.current, theirs, model, options);
    return () => editor.dispose();
  }, [runtime, model, theirs, fontSize]);
  return (
    <section aria-label={t("editor.conflictLabel")} className="flex min-h-0 flex-1 flex-col" data-conflict>
      <div role="alert" className="flex flex-wrap items-center gap-2 bg-warn-soft px-3 py-2 text-sm text-warn">
        <p className="min-w-60 flex-1">{t("editor.conflict")}</p>
        <Button small onClick={() => void open.document.resolve("theirs")}>
          {t("editor.takeTheirs")}
        </Button>
        <Button small tone="primary" onClick={() => void open.document.resolve("mine")}>
          {t("editor.keepMine")}
        </Button>
      </div>
      <div className="flex border-b border-line text-xs text-muted">
        <span className="flex-1 px-3 py-1">{t("editor.theirs")}</span>
        <span className="flex-1 px-3 py-1">{t("editor.mine")}</span>
      </div>
      <div ref={host} className="nokey min-h-0 flex-1" />
    </section>
  );
}
