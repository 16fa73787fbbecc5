import { ApiError, messageOf, request } from "@/shared/api/request";
import { nodePath, projectPath } from "@/shared/api/paths";
import { t } from "@/shared/i18n/i18n";
import { notify } from "@/shared/ui/toasts";
import type { NewEdge, NewNode, Node, NodePatch, ProjectUpdate } from "@/wire/generated";
import { parse } from "@/wire/parse";
import { applyEdit, changedFields, isEmpty, rebase, type Edit } from "./document";
import { Steps } from "./graphSteps";
import { addPending, dropPending, setProject, settlePending, useProject } from "./projectStore";

/** Up to here a step is sent piece by piece; above it, as the whole graph at once. */
const MAX_PIECES = 6;

const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 30_000;
const SETTLED_WITHIN_MS = 15_000;

type Job = () => Promise<void>;

/**
 * Saves steps in the order in which they were taken, one at a time, and reads the project again between them when
 * somebody else changed it. A step that meets a changed graph is put on top of it; one that is refused is taken back,
 * and said.
 */
export class ProjectSync {
  private readonly projectId: string;
  private readonly onRefused: (edit: Edit) => void;
  private readonly jobs: Job[] = [];
  private readonly idle: (() => void)[] = [];
  private working = false;
  private refreshWanted = false;
  /** Whether the project has to be read, whatever has been told. */
  private behind = false;
  /** Tags of graphs that somebody saved, as events told them since the project was compared with them. */
  private readonly told: string[] = [];
  /** Tags of the graphs that our own steps led to, whose events have not come yet. */
  private readonly own: string[] = [];
  /** Sources of nodes on their way to the server, which do not wait for their turn here. */
  private readonly sources = new Set<Promise<void>>();
  /** How many were sent or answered. */
  private sourceMoves = 0;
  private disposed = false;
  private retryMs = FIRST_RETRY_MS;
  private endWait: () => void = () => undefined;

  constructor(projectId: string, onRefused: (edit: Edit) => void) {
    this.projectId = projectId;
    this.onRefused = onRefused;
  }

  /** Show a step now, save it as soon as those before it are saved. */
  submit(edit: Edit): void {
    addPending(edit);
    this.jobs.push(() => this.save(edit));
    void this.work();
  }

  /** Read the project again, once, after what is being saved now. */
  refresh(): void {
    this.behind = true;
    this.catchUpLater();
  }

  /**
   * An event told that somebody saved the graph with this tag: read it, unless that were we. A tag that is known already is
   * told for a source that was saved elsewhere: ports changed, and the graph is as it was.
   */
  announced(etag: string): void {
    this.told.push(etag);
    this.catchUpLater();
  }

  /**
   * Save a node's source, at once. Events that come meanwhile wait for the answer, which says whether they are of it alone:
   * then all that changed are the ports of the node in it.
   */
  async saveSource(send: () => Promise<Response>): Promise<Response> {
    this.sourceMoves += 1;
    const sending = send();
    const known = sending.then(
      ({ headers }) => {
        const etag = headers.get("Graph-ETag");
        if (etag !== null) this.own.push(etag);
      },
      () => undefined,
    );
    this.sources.add(known);
    await known;
    this.sources.delete(known);
    this.sourceMoves += 1;
    return await sending;
  }

  private catchUpLater(): void {
    if (this.refreshWanted) return;
    this.refreshWanted = true;
    this.jobs.push(() => this.catchUp());
    void this.work();
  }

  private async catchUp(): Promise<void> {
    while (this.sources.size > 0) await Promise.all(this.sources);
    this.refreshWanted = false;
    for (const etag of this.told.splice(0)) {
      const index = this.own.indexOf(etag);
      if (index < 0) this.behind = true;
      else this.own.splice(0, index + 1);
    }
    if (this.behind) await this.load();
  }

  /** Wait until what was asked for up to now is saved, or refused. Throws when that takes too long. */
  async settled(withinMs = SETTLED_WITHIN_MS): Promise<void> {
    if (this.jobs.length === 0) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((_, reject) => {
      timer = setTimeout(() => reject(new Error(t("app.notSavedYet"))), withinMs);
    });
    const done = new Promise<void>((resolve) => this.idle.push(resolve));
    await Promise.race([done, late]).finally(() => clearTimeout(timer));
  }

  /** Do not wait any longer for what was away; does nothing unless it waits. */
  retryNow(): void {
    this.retryMs = FIRST_RETRY_MS;
    this.endWait();
  }

  dispose(): void {
    this.disposed = true;
    this.jobs.length = 0;
    this.endWait();
  }

  /** Wait longer each time, until the browser is online again, or somebody does not want to wait. */
  private wait(): Promise<void> {
    const delay = this.retryMs;
    this.retryMs = Math.min(LAST_RETRY_MS, delay * 2);
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        window.removeEventListener("online", done);
        this.endWait = () => undefined;
        resolve();
      };
      const timer = setTimeout(done, delay);
      window.addEventListener("online", done);
      this.endWait = done;
    });
  }

  private async work(): Promise<void> {
    if (this.working) return;
    this.working = true;
    for (let job = this.jobs[0]; job !== undefined && !this.isDisposed(); job = this.jobs[0]) {
      try {
        await job();
        this.jobs.shift();
        this.retryMs = FIRST_RETRY_MS;
      } catch (error) {
        if (!(error instanceof ApiError && isPassing(error))) {
          this.jobs.shift();
          this.failed(error);
        } else {
          // While a project opens, the reason is shown; later the connection's own banner says it.
          if (!useProject.getState().loaded) useProject.setState({ loadError: messageOf(error) });
          await this.wait();
        }
      }
    }
    this.working = false;
    for (const tell of this.idle.splice(0)) tell();
  }

  private isDisposed(): boolean {
    return this.disposed;
  }

  private failed(error: unknown): void {
    if (useProject.getState().loaded) notify({ kind: "error", message: messageOf(error) });
    else useProject.setState({ loadError: messageOf(error), missing: error instanceof ApiError && error.status === 404 });
  }

  private async load(): Promise<void> {
    const response = await request(projectPath(this.projectId));
    const project = parse("Project", await response.json());
    if (this.disposed) return;
    this.behind = false;
    this.own.length = 0;
    setProject(project, response.headers.get("ETag") ?? "");
  }

  private async save(edit: Edit): Promise<void> {
    const change = rebase(useProject.getState().base, edit);
    if (isEmpty(change)) {
      settlePending(edit);
      return;
    }
    const moves = this.sourceMoves;
    try {
      await this.rememberCode(change);
      const pieces = change.nodes.size + change.edges.size;
      if (pieces > MAX_PIECES) await this.sendWhole(edit);
      else {
        const steps = new Steps(useProject.getState().etag);
        settlePending(edit, await this.sendPieces(change, steps), steps.etag);
        this.own.push(...steps.made);
        if (steps.missed || marksOutdated(change)) this.refresh();
      }
      // Ports of a source that was saved at the same time may have been older in the answer that came last.
      if (this.sources.size > 0 || this.sourceMoves !== moves) this.refresh();
    } catch (error) {
      if (error instanceof ApiError && isPassing(error)) throw error;
      dropPending(edit);
      this.onRefused(edit);
      // Part of it may have been saved: the server's word counts.
      this.refresh();
      throw error;
    }
  }

  /** Before nodes are deleted, keep their sources, so that undo brings them back. */
  private async rememberCode(edit: Edit): Promise<void> {
    const gone = [...edit.nodes].filter(([, { before, after }]) => after === null && before?.kind === "code");
    await Promise.all(
      gone.map(async ([id]) => {
        const response = await request(nodePath(this.projectId, id, "/code"));
        edit.code.set(id, await response.text());
      }),
    );
  }

  private async sendPieces(edit: Edit, steps: Steps): Promise<Node[]> {
    const saved: Node[] = [];
    // A node may lie in a group that is as new: first the group.
    const ordered = [...edit.nodes].sort(([, a], [, b]) => Number(isGroup(b.after)) - Number(isGroup(a.after)));
    for (const [id, { before, after }] of ordered) {
      if (before === null && after !== null) {
        const json = newNode(after, edit.code.get(id));
        const path = projectPath(this.projectId, "/nodes");
        const created = parse("Node", await (await steps.take(path, { method: "POST", json })).json());
        saved.push(await this.patchRest(created, after, steps));
      } else if (before !== null && after !== null) {
        const json = nodePatch(before, after);
        saved.push(parse("Node", await (await steps.take(nodePath(this.projectId, id), { method: "PATCH", json })).json()));
      }
    }
    for (const [id, { before, after }] of edit.edges) {
      if (before !== null && edit.nodes.get(before.source)?.after !== null && edit.nodes.get(before.target)?.after !== null)
        await this.remove(projectPath(this.projectId, `/edges/${encodeURIComponent(id)}`), steps);
      if (after !== null) {
        const { id: edgeId, source, target, source_port, target_port } = after;
        const json: NewEdge = { id: edgeId, source, target, source_port, target_port };
        await steps.take(projectPath(this.projectId, "/edges"), { method: "POST", json });
      }
    }
    const gone = [...edit.nodes].filter(([, { after }]) => after === null);
    gone.sort(([, a], [, b]) => Number(isGroup(a.before)) - Number(isGroup(b.before)));
    for (const [id] of gone) await this.remove(nodePath(this.projectId, id), steps);
    return saved;
  }

  /** What a new node cannot say: its cache policy, limit and files. */
  private async patchRest(created: Node, wanted: Node, steps: Steps): Promise<Node> {
    const fields = changedFields(created, wanted);
    if (fields.length === 0) return created;
    const json = nodePatch(created, wanted);
    return parse("Node", await (await steps.take(nodePath(this.projectId, created.id), { method: "PATCH", json })).json());
  }

  private async remove(path: string, steps: Steps): Promise<void> {
    try {
      await steps.take(path, { method: "DELETE" });
    } catch (error) {
      // Somebody else was faster: it is gone, as wanted.
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }

  private async sendWhole(edit: Edit): Promise<void> {
    for (;;) {
      const { base, etag } = useProject.getState();
      const graph = applyEdit(base, edit);
      const json: ProjectUpdate = {
        nodes: [...graph.nodes.values()],
        edges: [...graph.edges.values()],
        code: Object.fromEntries([...edit.code].filter(([id]) => !base.nodes.has(id) && graph.nodes.has(id))),
      };
      try {
        const headers = { "If-Match": etag };
        const response = await request(projectPath(this.projectId), { method: "PUT", json, headers });
        const project = parse("Project", await response.json());
        const saved = response.headers.get("ETag") ?? "";
        if (saved !== etag) this.own.push(saved);
        settlePending(edit);
        setProject(project, saved);
        return;
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 412)) throw error;
        await this.load();
      }
    }
  }
}

/** Wires that lack a port say so with the titles of nodes. */
function marksOutdated(edit: Edit): boolean {
  const { edges } = useProject.getState();
  return [...edges.values()].some(({ broken, source, target }) => broken !== "" && (edit.nodes.has(source) || edit.nodes.has(target)));
}

function isGroup(node: Node | null): boolean {
  return node?.kind === "group";
}

/** The server is away for a moment: the step waits instead of being taken back. */
function isPassing(error: ApiError): boolean {
  return error.status === 0 || error.status === 503 || error.status === 504;
}

function newNode(node: Node, code: string | undefined): NewNode {
  return {
    id: node.id,
    title: node.title,
    kind: node.kind,
    position: node.position,
    settings: node.settings,
    description: node.description,
    group: node.group,
    size: node.size,
    ...(code === undefined ? {} : { code }),
  };
}

function nodePatch(before: Node, after: Node): NodePatch {
  return Object.fromEntries(changedFields(before, after).map((field) => [field, after[field]]));
}
