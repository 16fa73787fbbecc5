import { Files, Globe, ListTree, Package, Shapes } from "lucide-react";
import { lazy, Suspense } from "react";
import { Outline } from "@/features/flow/panels/Outline";
import { Palette } from "@/features/flow/panels/Palette";
import { t } from "@/shared/i18n/i18n";
import { ErrorBoundary } from "@/shared/ui/ErrorBoundary";
import { Loading } from "@/shared/ui/states";
import { showLeft, useWorkspace, type LeftPanel } from "@/shared/workspace/workspace";
import { TabStrip } from "./TabStrip";

const FileTree = lazy(() => import("@/features/files/FileTree").then((module) => ({ default: module.FileTree })));
const PackagesPane = lazy(() =>
  import("@/features/packages/PackagesPane").then((module) => ({ default: module.PackagesPane })),
);
const EgressPane = lazy(() => import("@/features/egress/EgressPane").then((module) => ({ default: module.EgressPane })));

function content(panel: LeftPanel) {
  switch (panel) {
    case "palette":
      return <Palette />;
    case "outline":
      return <Outline />;
    case "files":
      return <FileTree />;
    case "packages":
      return <PackagesPane />;
    case "network":
      return <EgressPane />;
  }
}

export function LeftArea() {
  const active = useWorkspace((state) => state.left) ?? "palette";
  const name = t(`app.panel.${active}`);
  return (
    <section aria-label={name} data-area="left" className="flex h-full flex-col bg-panel">
      <TabStrip
        label={t("app.leftPanel")}
        active={active}
        onSelect={showLeft}
        tabs={[
          { id: "palette", label: t("app.panel.palette"), icon: <Shapes size={14} />, narrow: true },
          { id: "outline", label: t("app.panel.outline"), icon: <ListTree size={14} />, narrow: true },
          { id: "files", label: t("app.panel.files"), icon: <Files size={14} />, narrow: true },
          { id: "packages", label: t("app.panel.packages"), icon: <Package size={14} />, narrow: true },
          { id: "network", label: t("app.panel.network"), icon: <Globe size={14} />, narrow: true },
        ]}
      />
      <div className="min-h-0 flex-1">
        <ErrorBoundary key={active} name={name}>
          <Suspense fallback={<Loading label={t("app.loading")} />}>{content(active)}</Suspense>
        </ErrorBoundary>
      </div>
    </section>
  );
}
