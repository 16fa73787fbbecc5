import { useEffect, useEffectEvent } from "react";

import { t } from "@/shared/i18n/i18n";
import { useLive } from "@/shared/live/liveStore";
import { useProject } from "@/shared/project/projectStore";
import { useReload } from "@/shared/session/session";

import { LooksStatus } from "./LooksStatus";
import { PortsStatus } from "./PortsStatus";
import { IdleStatus, SandboxStatus, UsageStatus } from "./SandboxStatus";
import { loadStatus } from "./statusApi";
import { CursorStatus, EnvironmentStatus, PeopleStatus, ProblemsStatus, ServersStatus } from "./ToolStatus";

/** The line at the foot of the page; two, where it is narrow: nothing of it has to be scrolled to. Left: where the code runs; right: what is being written. */
export function StatusBar() {
  const projectId = useProject((state) => state.id);
  const ready = useLive((state) => state.sandbox?.state === "ready");
  const load = () => {
    // What cannot be read now is told by the events later; the page says so when there is no connection.
    if (projectId !== "") loadStatus(projectId).catch(() => undefined);
  };
  const loadNow = useEffectEvent(load);
  useEffect(() => loadNow(), [ready, projectId]);
  useReload(load);
  return (
    <div aria-label={t("statusbar.title")} role="group" className="flex flex-wrap justify-between">
      <div className="flex flex-wrap">
        <SandboxStatus projectId={projectId} />
        <UsageStatus projectId={projectId} />
        <IdleStatus projectId={projectId} />
        <PortsStatus projectId={projectId} />
      </div>
      <div className="flex flex-wrap">
        <LooksStatus projectId={projectId} />
        <ProblemsStatus />
        <CursorStatus />
        <ServersStatus projectId={projectId} />
        <EnvironmentStatus />
        <PeopleStatus />
      </div>
    </div>
  );
}
