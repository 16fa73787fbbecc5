import { getJson, messageOf, request } from "@/shared/api/request";
import { projectPath } from "@/shared/api/paths";
import { t } from "@/shared/i18n/i18n";
import { mayEdit, useProject } from "@/shared/project/projectStore";
import { showBottom } from "@/shared/workspace/workspace";
import { notify } from "@/shared/ui/toasts";
import { parse } from "@/wire/parse";
import { useRuns } from "./runStore";

export interface FlowRunOptions {
  startNodeId?: string;
  untilNodeId?: string;
  params?: Readonly<Record<string, unknown>>;
  useCache?: boolean;
}

/** Called before each run: the editor saves what is unsaved, so that what runs is what is seen. */
const beforeRun = new Set<() => Promise<void>>();

export function onBeforeRun(save: () => Promise<void>): () => void {
  beforeRun.add(save);
  return () => beforeRun.delete(save);
}

/** Save what is unsaved. Throws, with a sentence for people, when something cannot be saved. */
export async function saveBeforeRun(): Promise<void> {
  for (const save of beforeRun) await save();
}

async function start(path: string, body: Record<string, unknown>): Promise<void> {
  if (!mayEdit()) {
    notify({ kind: "info", message: t("app.viewOnlyRefused") });
    return;
  }
  try {
    await saveBeforeRun();
    // The run outlives this request: its events come with the project's stream, so its answer is not read.
    const response = await request(path, { method: "POST", json: body, headers: { Accept: "application/x-ndjson" } });
    await response.body?.cancel();
  } catch (error) {
    notify({ kind: "error", message: messageOf(error) });
  }
}

/** Run the flow, or the part of it that is named. Progress comes with the event stream. */
export function runFlow(options: FlowRunOptions = {}): Promise<void> {
  return start("/api/project/execute-flow", {
    project_id: useProject.getState().id,
    ...(options.startNodeId === undefined ? {} : { start_node_id: options.startNodeId }),
    ...(options.untilNodeId === undefined ? {} : { until_node_id: options.untilNodeId }),
    ...(options.params === undefined ? {} : { params: options.params }),
    ...(options.useCache === undefined ? {} : { use_cache: options.useCache }),
  });
}

/** Run one node alone, with the inputs that its last run saw. */
export function runNode(nodeId: string): Promise<void> {
  return start("/api/code/execute-node", { project_id: useProject.getState().id, node_id: nodeId, use_cache: false });
}

export async function cancelRun(runId: string): Promise<void> {
  const path = projectPath(useProject.getState().id, `/runs/${runId}/cancel`);
  try {
    await getJson(path, (value) => parse("RunResult", value), { method: "POST" });
  } catch (error) {
    notify({ kind: "error", message: messageOf(error) });
  }
}

export function cancelAllRuns(): void {
  for (const runId of useRuns.getState().active.keys()) void cancelRun(runId);
}

/** Forget all cached results. */
export async function clearCache(): Promise<void> {
  try {
    await request(projectPath(useProject.getState().id, "/cache"), { method: "DELETE" });
    showBottom("runs");
  } catch (error) {
    notify({ kind: "error", message: messageOf(error) });
  }
}
