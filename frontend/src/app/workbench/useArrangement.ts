import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { projectPath } from "@/shared/api/paths";
import { ApiError, request } from "@/shared/api/request";
import { meQuery } from "@/shared/me/me";
import { useProject } from "@/shared/project/projectStore";
import { arrangementNow, bringBack, showPanels, type Arrangement } from "@/shared/workspace/arrangement";
import { ArrangementStorage } from "@/shared/workspace/arrangementStorage";
import { tabKey, useWorkspace, type Target } from "@/shared/workspace/workspace";

/** A tab whose file cannot be asked for by then is brought back; the editor says what is wrong with it. */
const ASKED_WITHIN_MS = 5_000;

async function isThere(projectId: string, path: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await request(projectPath(projectId, "/files/content"), { query: { path }, headers: { Range: "bytes=0-0" }, signal });
    await response.body?.cancel();
  } catch (error) {
    return !(error instanceof ApiError && error.status === 404);
  }
  return true;
}

async function filesGone(projectId: string, { tabs }: Arrangement, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const files = tabs.flatMap(({ key, target }) => (target.kind === "file" ? [{ key, path: target.path }] : []));
  const found = await Promise.all(files.map(async ({ key, path }) => ({ key, there: await isThere(projectId, path, signal) })));
  return new Set(found.filter(({ there }) => !there).map(({ key }) => key));
}

/** Write down what is open whenever that changes, until the returned function is called. */
function follow(storage: ArrangementStorage): () => void {
  let written = JSON.stringify(arrangementNow());
  return useWorkspace.subscribe(() => {
    const now = arrangementNow();
    const text = JSON.stringify(now);
    if (text === written) return;
    written = text;
    storage.write(now);
  });
}

/** Show what was open of the project, then keep what is. Returns what ends it. */
function arrange(personId: string, projectId: string): () => void {
  const storage = new ArrangementStorage(personId, projectId);
  const before = storage.read();
  if (before === undefined) return follow(storage);
  showPanels(before);
  const ended = new AbortController();
  let stop: () => void = () => ended.abort();
  const nodeIsThere = (target: Target) => target.kind === "file" || useProject.getState().nodes.has(target.nodeId);
  const show = (gone: ReadonlySet<string>) => {
    bringBack(before, (target) => nodeIsThere(target) && !gone.has(tabKey(target)));
    stop = follow(storage);
  };
  if (before.tabs.every(({ target }) => target.kind === "node")) show(new Set());
  else {
    const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(ASKED_WITHIN_MS)]);
    void filesGone(projectId, before, signal).then((gone) => {
      if (!ended.signal.aborted) show(gone);
    });
  }
  return () => stop();
}

/** Bring back what this person had open of a project, once that is loaded. True when the panels are as they were. */
export function useArrangement(projectId: string, loaded: boolean): boolean {
  const me = useQuery(meQuery);
  // Whoever cannot be known now still works, with nothing kept.
  const personId = me.data?.id ?? (me.failureCount > 0 ? "" : undefined);
  useEffect(() => {
    // The project may be opened anew in the moment that this is called in: `loaded` speaks of before.
    if (!loaded || !useProject.getState().loaded || personId === undefined) return undefined;
    const end = personId === "" ? undefined : arrange(personId, projectId);
    useWorkspace.setState({ arranged: true });
    return end;
  }, [projectId, loaded, personId]);
  return useWorkspace((state) => state.arranged);
}
