import { useParams } from "@tanstack/react-router";
import { useEffect } from "react";
import { forgetEdit, resetHistory } from "@/features/flow/model/history";
import { t } from "@/shared/i18n/i18n";
import { useProject } from "@/shared/project/projectStore";
import { openProject } from "@/shared/session/projectSession";
import { NotFound } from "../shell/NotFound";
import { Opening } from "./Opening";
import { useArrangement } from "./useArrangement";
import { Workbench } from "./Workbench";

export function ProjectPage() {
  const { projectId } = useParams({ from: "/project/$projectId" });
  const loaded = useProject((state) => state.loaded && state.id === projectId);
  const missing = useProject((state) => state.missing && state.id === projectId);
  const name = useProject((state) => state.name);
  useEffect(() => {
    resetHistory();
    return openProject(projectId, forgetEdit);
  }, [projectId]);
  const arranged = useArrangement(projectId, loaded);
  useEffect(() => {
    document.title = name === "" ? "AIM-Forge" : `${name} · AIM-Forge`;
  }, [name]);
  if (missing) return <NotFound title={t("app.noProject")} hint={t("app.noProjectHint")} />;
  return loaded && arranged ? <Workbench /> : <Opening />;
}
