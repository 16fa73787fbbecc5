import { useParams } from "@tanstack/react-router";
import { useEffect } from "react";
import { forgetEdit, resetHistory } from "@/features/flow/model/history";
import { useProject } from "@/shared/project/projectStore";
import { openProject } from "@/shared/session/projectSession";
import { Opening } from "./Opening";
import { Workbench } from "./Workbench";

export function ProjectPage() {
  const { projectId } = useParams({ from: "/project/$projectId" });
  const ready = useProject((state) => state.loaded && state.id === projectId);
  const name = useProject((state) => state.name);
  useEffect(() => {
    resetHistory();
    return openProject(projectId, forgetEdit);
  }, [projectId]);
  useEffect(() => {
    document.title = name === "" ? "AIM-Forge" : `${name} · AIM-Forge`;
  }, [name]);
  return ready ? <Workbench /> : <Opening />;
}
