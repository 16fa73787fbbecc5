import { projectPath } from "@/shared/api/paths";
import { messageOf, request } from "@/shared/api/request";
import { resetLive, useLive } from "@/shared/live/liveStore";
import type { Edit } from "@/shared/project/document";
import { resetProject, useProject } from "@/shared/project/projectStore";
import { loadShare } from "@/shared/project/share";
import { ProjectSync } from "@/shared/project/projectSync";
import { Refresh } from "@/shared/runs/freshness";
import { onBeforeRun } from "@/shared/runs/runActions";
import { followRuns, loadRuns, readFreshness, resetRuns, showFreshness } from "@/shared/runs/runStore";
import type { SocketState } from "@/shared/socket/reconnectingSocket";
import { notify } from "@/shared/ui/toasts";
import { resetWorkspace } from "@/shared/workspace/workspace";
import type { WireEvent } from "@/wire/generated";
import { EventStream } from "./eventStream";
import { dispatchEvents, dispatchReload, onEventBatch, onReload } from "./session";

/** The project that is open: its event stream and its queue of steps to save. One at a time. */
interface Session {
  projectId: string;
  stream: EventStream;
  sync: ProjectSync;
}

let session: Session | null = null;

/** Take a step in the graph: shown at once, then saved. */
export function submitEdit(edit: Edit): void {
  session?.sync.submit(edit);
}

/** Save a node's source: `send` asks the server to. */
export function saveSource(send: () => Promise<Response>): Promise<Response> {
  return session?.sync.saveSource(send) ?? send();
}

export function refreshProject(): void {
  session?.sync.refresh();
}

export function reconnectNow(): void {
  session?.stream.retryNow();
}

/** What kept the project from opening may be mended: start its sandbox without the server's own wait, and read on. */
export async function tryAgain(): Promise<void> {
  if (session === null) return;
  const { projectId, sync } = session;
  try {
    await request(projectPath(projectId, "/sandbox/start"), { method: "POST" });
  } catch {
    // Who may only look cannot start it; reading says what is wrong.
  }
  sync.retryNow();
  sync.refresh();
}

function followState(state: SocketState): void {
  useLive.setState({
    connection: state.status,
    connectionMessage: "message" in state ? state.message : "",
    retryAt: state.status === "waiting" ? state.retryAt : null,
  });
}

function followLive(events: readonly WireEvent[]): void {
  for (const event of events) {
    if (event.type === "sandbox") {
      useLive.setState({ sandbox: event.data, sandboxAt: Date.now() });
    } else if (event.type === "venv") useLive.setState({ venv: event.data.venv });
    else if (event.type === "terminals") useLive.setState({ terminals: event.data.terminals });
    else if (event.type === "presence") useLive.setState({ people: event.data.people });
    else if (event.type === "language_server") {
      const { server } = event.data;
      useLive.setState((state) => ({ servers: new Map(state.servers).set(server.kind, server) }));
    } else if (event.type === "egress_denied") useLive.setState({ denied: event.data });
  }
}

const FRESHNESS_DELAY_MS = 250;

/** After these events, what is cached and what is out of date may be another matter. */
const CHANGES_FRESHNESS: ReadonlySet<WireEvent["type"]> = new Set(["project_changed", "run_finished", "package_changed", "files_changed"]);

function followFreshness(projectId: string): () => void {
  const refresh = new Refresh({
    load: () => readFreshness(projectId),
    apply: showFreshness,
    onError: ignoreWhileClosing,
    delayMs: FRESHNESS_DELAY_MS,
  });
  const stop = onEventBatch((events) => {
    if (events.some(({ type }) => CHANGES_FRESHNESS.has(type))) refresh.request();
  });
  const stopReload = onReload(() => refresh.request());
  return () => {
    stop();
    stopReload();
    refresh.dispose();
  };
}

/** The page shows the connection's state anyway; a reading that fails with it is made again on reconnection. */
function ignoreWhileClosing(error: unknown): void {
  if (session !== null && useLive.getState().connection === "open") notify({ kind: "error", message: messageOf(error) });
}

/** Open a project: everything shared is reset, then follows it until the returned function is called. */
export function openProject(projectId: string, onRefused: (edit: Edit) => void): () => void {
  resetProject(projectId);
  resetRuns();
  resetLive();
  resetWorkspace();
  const sync = new ProjectSync(projectId, onRefused);
  const stops = [
    followRuns(),
    // What runs is what is seen: a wire that was just drawn too.
    onBeforeRun(() => sync.settled()),
    followFreshness(projectId),
    onEventBatch(followLive),
    onEventBatch((events) => {
      for (const event of events) if (event.type === "project_changed") sync.announced(event.data.etag);
    }),
  ];
  const stream = new EventStream({
    path: projectPath(projectId, "/events"),
    onEvents: dispatchEvents,
    onReload: () => {
      dispatchReload();
      sync.refresh();
      loadShare(projectId).catch(ignoreWhileClosing);
      loadRuns(projectId).catch(ignoreWhileClosing);
    },
    onState: followState,
  });
  // What is not there does not come by asking again.
  stops.push(useProject.subscribe(({ missing }) => missing && stream.dispose()));
  session = { projectId, stream, sync };
  sync.refresh();
  return () => {
    session = null;
    stream.dispose();
    sync.dispose();
    for (const stop of stops) stop();
  };
}
