import { toldClosing } from "@/shared/i18n/told";
import { CLOSE_CODES, CLOSINGS } from "@/wire/generated";

/** What of `WebSocket` is used; tests give their own. */
export interface Transport {
  binaryType: BinaryType;
  readonly bufferedAmount: number;
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  send(data: string | ArrayBufferView<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

export type SocketState =
  | { status: "connecting" }
  | { status: "open" }
  | { status: "waiting"; code: number; attempt: number; retryAt: number; message: string }
  | { status: "closed"; code: number; message: string };

export interface SocketOptions {
  /** The path (or URL) for the next attempt: a stream that resumes puts its position in here. */
  url: () => string;
  onMessage: (data: string | ArrayBuffer) => void;
  onState: (state: SocketState) => void;
  /** Called before each reconnection with the close code; false ends it. By default the server's table decides. */
  mayRetry?: (code: number) => boolean;
  connect?: (url: string) => Transport;
  random?: () => number;
}

const FIRST_DELAY_MS = 300;
const MAX_DELAY_MS = 15_000;
const HEALTHY_MS = 5_000;

export function socketUrl(path: string): string {
  const url = new URL(path, window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

function retriesByDefault(code: number): boolean {
  // 1006 and the like: the network, not a decision of the server.
  return CLOSINGS[code]?.retry ?? code < 4000;
}

/** A WebSocket that comes back: waits longer each time, at once when the browser is online again. */
export class ReconnectingSocket {
  private readonly options: SocketOptions;
  private transport: Transport | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private attempt = 0;
  private openedAt = 0;
  private ended = false;
  private readonly online = () => this.retryNow();

  constructor(options: SocketOptions) {
    this.options = options;
    window.addEventListener("online", this.online);
    this.open();
  }

  get isOpen(): boolean {
    return this.transport !== null && this.openedAt > 0;
  }

  get bufferedAmount(): number {
    return this.transport?.bufferedAmount ?? 0;
  }

  /** Send; false when there is no connection now (nothing is stored up). */
  send(data: string | ArrayBufferView<ArrayBuffer>): boolean {
    if (!this.isOpen || this.transport === null) return false;
    this.transport.send(data);
    return true;
  }

  /** Do not wait any longer; does nothing unless it waits. */
  retryNow(): void {
    if (this.timer === null || this.ended) return;
    clearTimeout(this.timer);
    this.timer = null;
    this.open();
  }

  /** Drop this connection and make a new one, for a client that found its state out of step. */
  restart(): void {
    if (this.ended) return;
    this.detach();
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.open();
  }

  dispose(): void {
    this.ended = true;
    window.removeEventListener("online", this.online);
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.detach();
  }

  private detach(): void {
    const transport = this.transport;
    this.transport = null;
    this.openedAt = 0;
    if (transport === null) return;
    transport.onopen = transport.onmessage = transport.onclose = null;
    transport.close(CLOSE_CODES.NORMAL);
  }

  private open(): void {
    this.options.onState({ status: "connecting" });
    const connect = this.options.connect ?? ((url) => new WebSocket(url));
    const transport = connect(socketUrl(this.options.url()));
    transport.binaryType = "arraybuffer";
    this.transport = transport;
    this.openedAt = 0;
    transport.onopen = () => {
      this.openedAt = Date.now();
      this.options.onState({ status: "open" });
    };
    transport.onmessage = (event) => {
      const data: unknown = event.data;
      if (typeof data === "string" || data instanceof ArrayBuffer) this.options.onMessage(data);
    };
    transport.onclose = (event) => this.closed(event.code, event.reason);
  }

  private closed(code: number, reason: string): void {
    const healthy = this.openedAt > 0 && Date.now() - this.openedAt > HEALTHY_MS;
    this.transport = null;
    this.openedAt = 0;
    if (this.ended) return;
    const message = toldClosing(code, reason);
    const mayRetry = this.options.mayRetry ?? retriesByDefault;
    if (!mayRetry(code)) {
      this.options.onState({ status: "closed", code, message });
      return;
    }
    this.attempt = healthy ? 1 : this.attempt + 1;
    const ceiling = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.attempt - 1));
    // Half fixed, half random, so that a restarted server is not met by everybody at once.
    const delay = ceiling / 2 + (ceiling / 2) * (this.options.random ?? Math.random)();
    this.timer = setTimeout(() => {
      this.timer = null;
      this.open();
    }, delay);
    this.options.onState({ status: "waiting", code, attempt: this.attempt, retryAt: Date.now() + delay, message });
  }
}
