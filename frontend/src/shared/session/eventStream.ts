import { ReconnectingSocket, type SocketState, type Transport } from "@/shared/socket/reconnectingSocket";
import { CLOSE_CODES, type WireEvent } from "@/wire/generated";
import { isRecord, parseEvent, parseJson } from "@/wire/parse";

export interface EventStreamOptions {
  /** `/api/project/p1/events` */
  path: string;
  /** All events of one animation frame, in order, each once. */
  onEvents: (events: readonly WireEvent[]) => void;
  /** A new stream, or events were lost: what was read before must be read again. */
  onReload: () => void;
  onState: (state: SocketState) => void;
  connect?: (url: string) => Transport;
  schedule?: (flush: () => void) => () => void;
}

/** So that one frame of the screen never handles more than it can. */
const MAX_PER_FRAME = 3_000;
const HIDDEN_PAGE_MS = 250;

/** Next animation frame; a page in the background gets none, and is served by the clock. */
function nextFrame(flush: () => void): () => void {
  const cancel = () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
  const frame = requestAnimationFrame(() => {
    clearTimeout(timer);
    flush();
  });
  const timer = setTimeout(() => {
    cancelAnimationFrame(frame);
    flush();
  }, HIDDEN_PAGE_MS);
  return cancel;
}

/** The event stream of a project: resumes where it was, drops what it has had, and says when something is missing. */
export class EventStream {
  private readonly options: EventStreamOptions;
  private readonly socket: ReconnectingSocket;
  private epoch: string | null = null;
  private seq = 0;
  private greeted = false;
  private askedAgainFor = 0;
  private pending: WireEvent[] = [];
  private cancelFlush: (() => void) | null = null;

  constructor(options: EventStreamOptions) {
    this.options = options;
    this.socket = new ReconnectingSocket({
      url: () => this.url(),
      onMessage: (data) => this.received(data),
      onState: (state) => this.stateChanged(state),
      ...(options.connect === undefined ? {} : { connect: options.connect }),
    });
  }

  retryNow(): void {
    this.socket.retryNow();
  }

  dispose(): void {
    this.cancelFlush?.();
    this.socket.dispose();
  }

  private url(): string {
    if (this.epoch === null) return this.options.path;
    return `${this.options.path}?after=${this.seq}&epoch=${encodeURIComponent(this.epoch)}`;
  }

  private stateChanged(state: SocketState): void {
    if (state.status !== "open") this.greeted = false;
    if ((state.status === "waiting" || state.status === "closed") && this.lastCloseWasReload(state)) this.epoch = null;
    this.options.onState(state);
  }

  private lastCloseWasReload(state: SocketState): boolean {
    return "code" in state && state.code === CLOSE_CODES.RELOAD;
  }

  private received(data: string | ArrayBuffer): void {
    if (typeof data !== "string") return;
    const frame = parseJson(data);
    if (!this.greeted) this.hello(frame);
    else if (Array.isArray(frame)) this.take(frame);
  }

  private hello(frame: unknown): void {
    if (!isRecord(frame)) return;
    const epoch = String(frame["epoch"]);
    const seq = typeof frame["seq"] === "number" ? frame["seq"] : 0;
    this.greeted = true;
    if (epoch === this.epoch) return;
    this.epoch = epoch;
    this.startAt(seq);
  }

  private startAt(seq: number): void {
    this.flush();
    this.seq = seq;
    this.options.onReload();
  }

  private take(frame: readonly unknown[]): void {
    const numbered = frame.filter(isRecord).map((event) => ({ seq: Number(event["seq"]), event }));
    numbered.sort((a, b) => a.seq - b.seq);
    for (const { seq, event } of numbered) {
      if (seq <= this.seq) continue;
      if (seq > this.seq + 1 && !this.bridge(seq)) return;
      this.seq = seq;
      const parsed = parseEvent(event);
      if (parsed !== null) this.pending.push(parsed);
    }
    if (this.pending.length > 0) this.schedule();
  }

  /** A number is missing. Ask once more from the last one; if it is missing again, read everything anew. */
  private bridge(seq: number): boolean {
    if (this.askedAgainFor !== seq) {
      this.askedAgainFor = seq;
      this.socket.restart();
      return false;
    }
    this.startAt(seq - 1);
    return true;
  }

  private schedule(): void {
    this.cancelFlush ??= (this.options.schedule ?? nextFrame)(() => {
      this.cancelFlush = null;
      this.deliver(MAX_PER_FRAME);
      if (this.pending.length > 0) this.schedule();
    });
  }

  private flush(): void {
    this.cancelFlush?.();
    this.cancelFlush = null;
    this.deliver(Number.POSITIVE_INFINITY);
  }

  private deliver(most: number): void {
    const batch = this.pending.length <= most ? this.pending : this.pending.slice(0, most);
    this.pending = this.pending.length <= most ? [] : this.pending.slice(most);
    if (batch.length > 0) this.options.onEvents(batch);
  }
}
