import { CodeXml } from "lucide-react";
import { Fragment, useEffect, useRef, useState } from "react";
import { Group, Panel, Separator } from "react-resizable-panels";

import { t } from "@/shared/i18n/i18n";
import { useCommands } from "@/shared/keyboard/commands";
import { useProject } from "@/shared/project/projectStore";
import { Button } from "@/shared/ui/Button";
import { EmptyState, Loading } from "@/shared/ui/states";
import { activateTab, closeTab, focusEditor, openNode, showTab, toggleSplit, useWorkspace } from "@/shared/workspace/workspace";

import { CloseDialog } from "./CloseDialog";
import { editorCommands } from "./editorCommands";
import { EditorGroup } from "./EditorGroup";
import { EditorTabs, focusActiveTab } from "./EditorTabs";
import type { CodeEditor } from "./monaco/codeEditor";
import type { ProjectDocuments } from "./monaco/projectDocuments";
import type { Runtime } from "./monaco/runtime";
import { tabTitles } from "./tabTitles";
import { useEditorRuntime } from "./useEditorRuntime";
import { useGroups } from "./useGroups";

/** The editor area: tabs, one or two editors, and what is asked before unsaved text is given up. */
export function EditorPane() {
  const projectId = useProject((state) => state.id);
  const loaded = useProject((state) => state.loaded);
  const anyTab = useWorkspace((state) => state.tabs.length > 0);
  const state = useEditorRuntime(projectId, anyTab && loaded);
  if (!anyTab) {
    return (
      <EmptyState icon={<CodeXml size={28} />} title={t("editor.empty")}>
        {t("editor.emptyHint")}
      </EmptyState>
    );
  }
  switch (state.status) {
    case "loading":
      return <Loading label={t("editor.loading")} />;
    case "failed":
      return (
        <EmptyState title={t("editor.loadingFailed")}>
          <p className="mb-3">{state.message}</p>
          <Button onClick={state.retry}>{t("app.tryAgain")}</Button>
        </EmptyState>
      );
    case "ready":
      return <Editors runtime={state.runtime} documents={state.documents} />;
  }
}

/** A node's file that was opened by its path is shown as the node: one text has one tab. */
function useNodeTabs(): void {
  const active = useWorkspace((state) => state.tabs.find((tab) => tab.key === state.activeTab));
  const nodes = useProject((state) => state.nodes);
  const target = active?.target;
  const node = target?.kind === "file" ? [...nodes.values()].find(({ file }) => file === target.path) : undefined;
  useEffect(() => {
    if (node === undefined || active === undefined) return;
    const { reveal } = useWorkspace.getState();
    closeTab(active.key);
    if (reveal?.key === active.key) openNode(node.id, reveal.place?.line, reveal.place?.column);
    else showTab({ kind: "node", nodeId: node.id });
  }, [node, active]);
}

/** Tabs that came back with unsaved text have their documents; those of tabs that were closed, here or elsewhere, are let go. */
function useDocumentsOfTabs(documents: ProjectDocuments): void {
  const tabs = useWorkspace((state) => state.tabs);
  const before = useRef<readonly string[]>([]);
  useEffect(() => {
    const keys = tabs.map((tab) => tab.key);
    for (const key of before.current) if (!keys.includes(key)) documents.close(key);
    before.current = keys;
    documents.openDrafts(tabs.map(({ target }) => target));
  }, [tabs, documents]);
}

function Editors({ runtime, documents }: { runtime: Runtime; documents: ProjectDocuments }) {
  const tabs = useWorkspace((state) => state.tabs);
  const activeTab = useWorkspace((state) => state.activeTab);
  const nodes = useProject((state) => state.nodes);
  const groups = useGroups();
  const focused = useWorkspace((state) => state.focusedEditor);
  const editor = useRef<CodeEditor | null>(null);
  const [asking, setAsking] = useState<string | null>(null);
  useNodeTabs();
  useDocumentsOfTabs(documents);

  const save = () => {
    if (activeTab !== null) void documents.formatAndSave(activeTab);
  };
  const close = (key: string) => {
    const document = documents.get(key)?.document;
    if (document?.unsaved !== true) {
      closeTab(key);
      return;
    }
    void document.save().then(() => {
      if (document.unsaved) setAsking(key);
      else closeTab(key);
    });
  };
  const step = (by: number) => {
    const index = tabs.findIndex((tab) => tab.key === activeTab);
    const next = tabs[(index + by + tabs.length) % tabs.length];
    if (next !== undefined) activateTab(next.key);
  };
  useCommands(() => editorCommands({ activeTab, save, close, step, split: toggleSplit, leave: focusActiveTab, run: (action) => editor.current?.run(action) }));

  const titles = tabTitles(tabs, nodes);
  const shown = groups.map((key) => tabs.find((tab) => tab.key === key));
  return (
    <div className="flex h-full min-h-0 flex-col bg-panel">
      <EditorTabs onClose={close} onSave={save} onSplit={toggleSplit} split={groups.length > 1} />
      <div id="editor-groups" className="min-h-0 flex-1">
        <Group orientation="horizontal" className="h-full">
          {shown.map((tab, index) => (
            // Editors keep their place: the text in them changes, they do not.
            <Fragment key={index === 0 ? "first" : "second"}>
              {index > 0 && <Separator
                  aria-label={t("app.sizeOf", { name: t("editor.second") })}
                  className="relative w-px bg-line outline-none before:absolute before:inset-y-0 before:-inset-x-1 before:z-10 hover:bg-accent focus-visible:before:bg-focus"
                />}
              <Panel id={index === 0 ? "first" : "second"} minSize={15}>
                {tab !== undefined && (
                  <EditorGroup
                    runtime={runtime}
                    documents={documents}
                    tab={tab}
                    label={t("editor.label", { name: titles.get(tab.key)?.title ?? "" })}
                    focused={index === focused}
                    onFocus={() => focusEditor(index)}
                    onEditor={(value) => (editor.current = value)}
                  />
                )}
              </Panel>
            </Fragment>
          ))}
        </Group>
      </div>
      <CloseDialog
        name={asking === null ? null : (titles.get(asking)?.title ?? "")}
        onCancel={() => setAsking(null)}
        onDiscard={() => {
          if (asking !== null) {
            documents.get(asking)?.document.discard();
            closeTab(asking);
          }
          setAsking(null);
        }}
      />
    </div>
  );
}
