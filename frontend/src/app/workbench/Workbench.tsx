import { lazy, Suspense } from "react";
import { Group, Panel } from "react-resizable-panels";
import { AssignmentBar } from "@/features/courses/AssignmentBar";
import { ExamBanner } from "@/features/courses/ExamBanner";
import { useDeniedNotices } from "@/features/egress/useDeniedNotices";
import { FlowCanvas } from "@/features/flow/canvas/FlowCanvas";
import { StatusBar } from "@/features/statusbar/StatusBar";
import { t } from "@/shared/i18n/i18n";
import { saveBeforeRun } from "@/shared/runs/runActions";
import { ErrorBoundary } from "@/shared/ui/ErrorBoundary";
import { Loading } from "@/shared/ui/states";
import { setEditorOpen, showBottom, showLeft, showRight, useWorkspace } from "@/shared/workspace/workspace";
import { BottomArea } from "./BottomArea";
import { ConnectionBanner } from "./ConnectionBanner";
import { Divider } from "./Divider";
import { Header } from "./Header";
import { LeftArea } from "./LeftArea";
import { RightArea } from "./RightArea";
import { SidePanel } from "./SidePanel";
import { useEditorOnIdle } from "./useEditorOnIdle";
import { useWorkbenchCommands } from "./useWorkbenchCommands";

const EditorPane = lazy(() => import("@/features/editor/EditorPane").then((module) => ({ default: module.EditorPane })));

function Centre() {
  const editorOpen = useWorkspace((state) => state.editorOpen);
  return (
    <Group orientation="horizontal" className="h-full">
      <Panel id="canvas" minSize={240}>
        <main aria-label={t("app.panel.canvas")} data-area="canvas" className="h-full">
          <ErrorBoundary name={t("app.panel.canvas")}>
            <FlowCanvas />
          </ErrorBoundary>
        </main>
      </Panel>
      <Divider label={t("app.panel.editor")} hidden={!editorOpen} />
      <SidePanel id="editor" open={editorOpen} size="52%" minSize={280} onClosed={() => setEditorOpen(false)}>
        <section aria-label={t("app.panel.editor")} data-area="editor" className="h-full bg-panel">
          <ErrorBoundary name={t("app.panel.editor")}>
            <Suspense fallback={<Loading label={t("app.loading")} />}>
              <EditorPane />
            </Suspense>
          </ErrorBoundary>
        </section>
      </SidePanel>
    </Group>
  );
}

/** The page of a project: panels around the canvas. */
export function Workbench() {
  const left = useWorkspace((state) => state.left);
  const right = useWorkspace((state) => state.right);
  const bottom = useWorkspace((state) => state.bottom);
  useWorkbenchCommands();
  useEditorOnIdle();
  useDeniedNotices();
  return (
    <div className="flex h-full flex-col">
      <Header />
      <ConnectionBanner />
      <ExamBanner />
      <AssignmentBar beforeHandIn={saveBeforeRun} />
      <Group orientation="horizontal" className="min-h-0 flex-1">
        <SidePanel id="left" open={left !== null} size={264} minSize={200} onClosed={() => showLeft(null)}>
          <LeftArea />
        </SidePanel>
        <Divider label={t("app.leftPanel")} hidden={left === null} />
        <Panel id="centre" minSize={300}>
          <Group orientation="vertical" className="h-full">
            <Panel id="top" minSize={120}>
              <Centre />
            </Panel>
            <Divider vertical label={t("app.lowerPanel")} hidden={bottom === null} />
            <SidePanel id="bottom" open={bottom !== null} size={260} minSize={110} onClosed={() => showBottom(null)}>
              <BottomArea />
            </SidePanel>
          </Group>
        </Panel>
        <Divider label={t("app.panel.inspector")} hidden={!right} />
        <SidePanel
          id="right"
          open={right}
          size={304}
          minSize={220}
          onClosed={() => showRight(false)}
        >
          <RightArea />
        </SidePanel>
      </Group>
      <footer data-area="status" className="min-h-6 shrink-0 border-t border-line bg-panel">
        <ErrorBoundary name={t("statusbar.title")}>
          <StatusBar />
        </ErrorBoundary>
      </footer>
    </div>
  );
}
