import { Download, FileWarning } from "lucide-react";
import { useEffect, useEffectEvent, useRef, useState, useSyncExternalStore } from "react";

import { t } from "@/shared/i18n/i18n";
import { isTyping } from "@/shared/keyboard/keys";
import { usePreferences } from "@/shared/preferences/preferences";
import { useMayEdit } from "@/shared/project/projectStore";
import { Button } from "@/shared/ui/Button";
import { EmptyState, Loading } from "@/shared/ui/states";
import { setCursor } from "@/shared/workspace/cursor";
import { revealed, useWorkspace, type Tab } from "@/shared/workspace/workspace";

import { ConflictView } from "./ConflictView";
import { DocumentNotice } from "./DocumentNotice";
import { useDocumentState } from "./documents/documentStates";
import type { CodeEditor } from "./monaco/codeEditor";
import type { OpenModel } from "./monaco/openModel";
import type { ProjectDocuments } from "./monaco/projectDocuments";
import type { Runtime } from "./monaco/runtime";

export interface EditorGroupProps {
  runtime: Runtime;
  documents: ProjectDocuments;
  tab: Tab;
  label: string;
  focused: boolean;
  onFocus: () => void;
  /** The editor that has the focus, for commands. */
  onEditor: (editor: CodeEditor | null) => void;
}

function Unsupported({ open, reason, size }: { open: OpenModel; reason: "binary" | "too_large"; size: number }) {
  const megabytes = (size / 1024 / 1024).toFixed(1);
  return (
    <EmptyState icon={<FileWarning size={28} />} title={reason === "binary" ? t("editor.binary") : t("editor.tooLarge", { size: megabytes })}>
      <p className="mb-3">{t("editor.unsupportedHint")}</p>
      <Button icon={<Download size={14} />} onClick={() => window.open(open.source.downloadUrl, "_self")}>
        {t("editor.download")}
      </Button>
    </EmptyState>
  );
}

/** One editor with the text of one tab in it. */
export function EditorGroup({ runtime, documents, tab, label, focused, onFocus, onEditor }: EditorGroupProps) {
  const host = useRef<HTMLDivElement>(null);
  const [editor, setEditor] = useState<CodeEditor | null>(null);
  const state = useDocumentState(tab.key);
  const fontSize = usePreferences((preferences) => preferences.editorFontSize);
  const reveal = useWorkspace((workspace) => workspace.reveal);
  const readOnly = !useMayEdit();
  const open = documents.get(tab.key);
  const model = useSyncExternalStore(
    (listener) => documents.onModel(listener),
    () => documents.get(tab.key)?.model,
  );

  useEffect(() => documents.open(tab.target).show(), [documents, tab]);

  const focusedNow = useEffectEvent(() => onFocus());
  const cursorMoved = useEffectEvent((cursor: Parameters<typeof setCursor>[0]) => {
    if (focused) setCursor(cursor);
  });
  const first = useEffectEvent(() => ({ label, fontSize, readOnly }));
  useEffect(() => {
    if (host.current === null) return;
    const created = runtime.createCodeEditor(host.current, first(), {
      onCursor: (cursor) => cursorMoved(cursor),
      onFocus: () => focusedNow(),
    });
    setEditor(created);
    return () => {
      setEditor(null);
      created.dispose();
    };
  }, [runtime]);

  useEffect(() => editor?.update({ label, fontSize, readOnly }), [editor, label, fontSize, readOnly]);
  useEffect(() => editor?.show(model), [editor, model]);
  const tellEditor = useEffectEvent((value: CodeEditor | null) => onEditor(value));
  useEffect(() => {
    if (focused) tellEditor(editor);
  }, [focused, editor]);

  useEffect(() => {
    if (!focused || editor === null || model === undefined || reveal?.key !== tab.key) return;
    revealed(reveal);
    if (reveal.place !== null) editor.reveal(reveal.place.line, reveal.place.column);
    // The text may have been long in coming: who types elsewhere by now is left there.
    if (!isTyping(document.activeElement) || host.current?.closest("[data-area]")?.contains(document.activeElement) === true) editor.focus();
  }, [editor, model, reveal, tab.key, focused]);

  const conflict = state?.status === "ready" && state.save.kind === "conflict" ? state.save : undefined;
  const editable = state?.status === "ready" && conflict === undefined;
  return (
    <div role="tabpanel" aria-label={label} data-scope="editor" className="relative flex h-full min-h-0 flex-col bg-panel">
      {open !== undefined && state !== undefined && (
        <DocumentNotice state={state} document={open.document} recreatable={open.source.recreatable} />
      )}
      <div ref={host} className={`nokey min-h-0 flex-1 ${editable ? "" : "hidden"}`} />
      {(state === undefined || state.status === "loading") && <Loading label={t("editor.loadingText")} />}
      {state?.status === "failed" && (
        <EmptyState icon={<FileWarning size={28} />} title={t("editor.loadFailed")}>
          <p className="mb-3">{state.message}</p>
          <Button onClick={() => void open?.document.load()}>{t("app.tryAgain")}</Button>
        </EmptyState>
      )}
      {state?.status === "unsupported" && open !== undefined && <Unsupported open={open} reason={state.reason} size={state.size} />}
      {conflict !== undefined && open !== undefined && <ConflictView runtime={runtime} open={open} theirs={conflict.theirs} from={focused ? editor : null} />}
    </div>
  );
}
