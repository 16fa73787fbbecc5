/**
 * One viewer of one terminal, without a screen: attaches, resumes at the byte where it stopped, acknowledges what the
 * screen has consumed, and sends what is typed.
 *
 * Offsets count the bytes of the terminal since it began. `received` is the next byte to come, `consumed` the next that
 * the screen has not drawn yet; `acked` is what the agent was told. The agent stops reading the program's output while
 * too much is unacknowledged, so a slow screen slows the program and fills nobody's memory.
 */

import { ReconnectingSocket, type SocketState, type Transport } from "@/shared/socket/reconnectingSocket";
import { LIMITS } from "@/wire/generated";

import { decodeOutput, encodeAck, encodeInput, encodeResize, parseControl, type Control } from "./frames";
import { InputQueue } from "./inputQueue";

export type TerminalState =
  | { readonly status: "connecting" }
  | { readonly status: "attached" }
  | { readonly status: "waiting"; readonly retryAt: number; readonly message: string }
  | { readonly status: "exited"; readonly exitStatus: number }
  | { readonly status: "closed"; readonly message: string; readonly code: number };

/** Where output goes. `done` is called when the bytes are drawn, in order. */
export interface Screen {
  write(bytes: Uint8Array, done: () => void): void;
  reset(): void;
  resize(cols: number, rows: number): void;
}

export interface TerminalSessionOptions {
  /** The socket's path; `from` is the offset to go on at, undefined on a fresh page. */
  readonly path: (from: number | undefined) => string;
  readonly screen: Screen;
  readonly onState: (state: TerminalState) => void;
  /** Bytes that nobody can give back: the ring of the agent no longer held them. */
  readonly onTruncated: (bytes: number) => void;
  readonly onNotice: (message: string) => void;
  readonly connect?: (url: string) => Transport;
}

export class TerminalSession {
  readonly #options: TerminalSessionOptions;
  readonly #socket: ReconnectingSocket;
  readonly #input: InputQueue;
  #received: number | undefined;
  #consumed = 0;
  #acked = 0;
  /** Until the screen has drawn this offset, what it "types" are answers to old questions in the replay. */
  #replayEnd = 0;
  #attached = false;
  #exited: number | undefined;
  #size: { cols: number; rows: number } | undefined;

  constructor(options: TerminalSessionOptions) {
    this.#options = options;
    this.#input = new InputQueue({
      buffered: () => this.#socket.bufferedAmount,
      send: (bytes) => this.#attached && this.#socket.send(encodeInput(bytes)),
    });
    this.#socket = new ReconnectingSocket({
      url: () => options.path(this.#received),
      onMessage: (data) => this.#onMessage(data),
      onState: (state) => this.#onSocket(state),
      ...(options.connect === undefined ? {} : { connect: options.connect }),
    });
  }

  /** Whether the screen still draws the past, so that its own answers must not reach the program. */
  get replaying(): boolean {
    return this.#consumed < this.#replayEnd;
  }

  /** False when too much waits already. What is typed while the connection is away is sent when it is back. */
  type(bytes: Uint8Array): boolean {
    if (this.replaying || this.#exited !== undefined) return true;
    return this.#input.add(bytes);
  }

  resize(cols: number, rows: number): void {
    this.#size = { cols, rows };
    if (this.#attached) this.#socket.send(encodeResize(cols, rows));
  }

  signal(name: "INT" | "QUIT" | "TERM" | "KILL"): void {
    this.#socket.send(JSON.stringify({ type: "signal", name }));
  }

  retryNow(): void {
    this.#socket.retryNow();
  }

  /** Attach anew after the server closed the socket for good, for example when the sandbox is back. */
  reopen(): void {
    this.#exited = undefined;
    this.#socket.restart();
  }

  dispose(): void {
    this.#input.clear();
    this.#socket.dispose();
  }

  #onSocket(state: SocketState): void {
    if (state.status !== "open") this.#attached = false;
    switch (state.status) {
      case "connecting":
      case "open":
        // Attached when the agent says so, not when the socket is there.
        if (this.#exited === undefined) this.#options.onState({ status: "connecting" });
        break;
      case "waiting":
        this.#options.onState({ status: "waiting", retryAt: state.retryAt, message: state.message });
        break;
      case "closed":
        this.#input.clear();
        // The shell's own end is the better news than the close that follows it.
        if (this.#exited === undefined) {
          this.#options.onState({ status: "closed", message: state.message, code: state.code });
        }
        break;
    }
  }

  #onMessage(data: string | ArrayBuffer): void {
    if (typeof data === "string") {
      const control = parseControl(data);
      if (control !== undefined) this.#onControl(control);
      return;
    }
    const output = decodeOutput(data);
    if (output !== undefined) this.#onOutput(output.offset, output.bytes);
  }

  #onControl(control: Control): void {
    switch (control.type) {
      case "attached":
        this.#onAttached(control);
        break;
      case "truncated":
        this.#skipTo(control.to);
        break;
      case "resized":
        this.#afterOutput(() => this.#options.screen.resize(control.cols, control.rows));
        break;
      case "exited":
        this.#exited = control.status;
        this.#input.clear();
        this.#afterOutput(() => this.#options.onState({ status: "exited", exitStatus: control.status }));
        break;
      case "notice":
        this.#options.onNotice(control.message);
        break;
      case "renamed":
        // Names come with the list of terminals, for the tabs that are not attached too.
        break;
    }
  }

  #onAttached(control: Extract<Control, { type: "attached" }>): void {
    const resumes = this.#received !== undefined && !control.fresh;
    if (!resumes) {
      const lost = control.from - (this.#received ?? control.from);
      if (this.#received !== undefined) {
        // The screen shows what the ring no longer holds: it starts again from what there is.
        this.#afterOutput(() => {
          this.#options.screen.reset();
          if (lost > 0) this.#options.onTruncated(lost);
        });
      }
      this.#received = control.from;
      this.#consumed = control.from;
      this.#acked = control.from;
      this.#replayEnd = control.end;
      if (control.cols > 0 && control.rows > 0) {
        this.#afterOutput(() => this.#options.screen.resize(control.cols, control.rows));
      }
    }
    this.#attached = true;
    this.#options.onState({ status: "attached" });
    if (this.#size !== undefined) this.#socket.send(encodeResize(this.#size.cols, this.#size.rows));
    // A new connection does not know what the old one acknowledged.
    if (resumes) this.#socket.send(encodeAck(this.#consumed));
    this.#input.flush();
  }

  #onOutput(offset: number, bytes: Uint8Array): void {
    const expected = this.#received ?? offset;
    const end = offset + bytes.length;
    if (end <= expected) return;
    if (offset > expected) this.#skipTo(offset);
    const fresh = offset < expected ? bytes.subarray(expected - offset) : bytes;
    this.#received = end;
    this.#options.screen.write(fresh, () => this.#drawn(end));
  }

  #drawn(offset: number): void {
    this.#consumed = Math.max(this.#consumed, offset);
    const all = this.#consumed === this.#received;
    if (this.#consumed - this.#acked < LIMITS.TERMINAL_ACK && !all) return;
    if (this.#consumed > this.#acked && this.#attached && this.#socket.send(encodeAck(this.#consumed))) {
      this.#acked = this.#consumed;
    }
  }

  #skipTo(offset: number): void {
    const expected = this.#received ?? offset;
    if (offset <= expected) return;
    this.#received = offset;
    this.#afterOutput(() => {
      this.#options.onTruncated(offset - expected);
      this.#drawn(offset);
    });
  }

  /** Runs when the screen has drawn what came before. */
  #afterOutput(action: () => void): void {
    this.#options.screen.write(new Uint8Array(0), action);
  }
}
