import { beforeEach, describe, expect, it, vi } from "vitest";

import { record } from "@/shared/json/json";
import type { Transport } from "@/shared/socket/reconnectingSocket";
import { CLOSE_CODES, LIMITS } from "@/wire/generated";

import { TerminalSession, type TerminalState } from "./terminalSession";

class FakeTransport implements Transport {
  binaryType: BinaryType = "blob";
  bufferedAmount = 0;
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  readonly sent: (string | Uint8Array)[] = [];
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  send(data: string | ArrayBufferView<ArrayBuffer>): void {
    this.sent.push(typeof data === "string" ? data : new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }

  close(): void {
    this.onclose = null;
  }

  control(body: unknown): void {
    this.onmessage?.(new MessageEvent("message", { data: JSON.stringify(body) }));
  }

  output(offset: number, text: string): void {
    const bytes = new TextEncoder().encode(text);
    const frame = new ArrayBuffer(9 + bytes.length);
    const view = new DataView(frame);
    view.setUint8(0, 1);
    view.setBigUint64(1, BigInt(offset));
    new Uint8Array(frame).set(bytes, 9);
    this.onmessage?.(new MessageEvent("message", { data: frame }));
  }

  get acks(): unknown[] {
    const controls = this.sent.filter((frame) => typeof frame === "string").map((frame) => record(JSON.parse(frame)));
    return controls.filter((control) => control["type"] === "ack").map((control) => control["offset"]);
  }

  get typed(): string {
    return this.sent.map((frame) => (typeof frame === "string" ? "" : new TextDecoder().decode(frame.subarray(1)))).join("");
  }
}

/** A screen that draws only when the test says so. */
class SlowScreen {
  text = "";
  resets = 0;
  sizes: string[] = [];
  readonly #queue: { bytes: Uint8Array; done: () => void }[] = [];

  write(bytes: Uint8Array, done: () => void): void {
    this.#queue.push({ bytes, done });
  }

  reset(): void {
    this.resets += 1;
    this.text = "";
  }

  resize(cols: number, rows: number): void {
    this.sizes.push(`${cols}x${rows}`);
  }

  draw(most = Number.POSITIVE_INFINITY): void {
    for (let count = 0; count < most; count++) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.text += new TextDecoder().decode(next.bytes);
      next.done();
    }
  }
}

function setUp() {
  const screen = new SlowScreen();
  const transports: FakeTransport[] = [];
  const states: TerminalState[] = [];
  const lost: number[] = [];
  const notices: string[] = [];
  const session = new TerminalSession({
    path: (from) => `/attach${from === undefined ? "" : `?from=${String(from)}`}`,
    screen,
    onState: (state) => states.push(state),
    onTruncated: (bytes) => lost.push(bytes),
    onNotice: (message) => notices.push(message),
    connect: (url) => {
      const transport = new FakeTransport(url);
      transports.push(transport);
      return transport;
    },
  });
  const latest = () => {
    const transport = transports.at(-1);
    if (transport === undefined) throw new Error("no socket was opened");
    return transport;
  };
  const attach = (from: number, end: number, fresh: boolean) => {
    latest().onopen?.(new Event("open"));
    latest().control({ type: "attached", terminal: { end, cols: 80, rows: 24 }, from, fresh });
  };
  const drop = (code = 1006) => latest().onclose?.(new CloseEvent("close", { code }));
  return { screen, session, states, lost, notices, transports, latest, attach, drop };
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe("TerminalSession", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    return () => vi.useRealTimers();
  });

  it("replays the past on a fresh page and keeps the screen's answers to it to itself", () => {
    const { screen, session, latest, attach } = setUp();
    attach(100, 105, true);
    latest().output(100, "hello");
    session.type(bytes("\x1b[?1;2c"));
    expect(session.replaying).toBe(true);
    screen.draw();
    session.type(bytes("ls\r"));
    expect(screen.text).toBe("hello");
    expect(latest().typed).toBe("ls\r");
    expect(latest().url).toMatch(/\/attach$/);
  });

  it("resumes at the byte where it stopped, with nothing lost or repeated", () => {
    const { screen, latest, attach, drop, transports } = setUp();
    attach(0, 0, true);
    latest().output(0, "one ");
    latest().output(4, "two ");
    drop();
    vi.runAllTimers();
    expect(transports).toHaveLength(2);
    expect(latest().url).toMatch(/from=8$/);
    attach(8, 8, false);
    latest().output(4, "two three ");
    latest().output(14, "four");
    screen.draw();
    expect(screen.text).toBe("one two three four");
    expect(screen.resets).toBe(0);
  });

  it("drops bytes that come twice and tells how many are missing", () => {
    const { screen, lost, latest, attach } = setUp();
    attach(0, 0, true);
    latest().output(0, "abc");
    latest().output(0, "abc");
    latest().output(1, "bcd");
    latest().output(10, "xyz");
    screen.draw();
    expect(screen.text).toBe("abcdxyz");
    expect(lost).toEqual([6]);
  });

  it("starts again from what there is when the ring no longer holds where it stopped", () => {
    const { screen, lost, latest, attach, drop } = setUp();
    attach(0, 0, true);
    latest().output(0, "abc");
    drop();
    vi.runAllTimers();
    attach(1000, 1003, true);
    latest().control({ type: "truncated", from: 3, to: 1000 });
    latest().output(1000, "end");
    screen.draw();
    expect(lost).toEqual([997]);
    expect(screen.resets).toBe(1);
    expect(screen.text).toBe("end");
  });

  it("says what was skipped when it lagged too far behind", () => {
    const { screen, lost, latest, attach } = setUp();
    attach(0, 0, true);
    latest().output(0, "abc");
    latest().control({ type: "truncated", from: 3, to: 1000 });
    latest().output(1000, "end");
    screen.draw();
    expect(lost).toEqual([997]);
    expect(screen.text).toBe("abcend");
  });

  it("acknowledges what is drawn, not what has come", () => {
    const { screen, latest, attach } = setUp();
    attach(0, 0, true);
    const piece = "x".repeat(20_000);
    for (let index = 0; index < 4; index++) latest().output(index * 20_000, piece);
    expect(latest().acks).toEqual([]);
    screen.draw(1 + 2);
    expect(latest().acks).toEqual([40_000]);
    screen.draw();
    expect(latest().acks).toEqual([40_000, 80_000]);
  });

  it("acknowledges a flood in steps that let the program go on before the window is full", () => {
    const { screen, latest, attach } = setUp();
    attach(0, 0, true);
    const pieces = (2 * LIMITS.TERMINAL_WINDOW) / 1024;
    for (let index = 0; index < pieces; index++) latest().output(index * 1024, "x".repeat(1024));
    const steps: number[] = [];
    for (let drawn = 0; drawn <= pieces; drawn++) {
      const known = latest().acks.length;
      screen.draw(1);
      if (latest().acks.length > known) steps.push(drawn * 1024);
    }
    // The first thing to draw is no output: it is what the page does when it is attached.
    expect(steps).toEqual(Array.from({ length: pieces / 32 }, (_, index) => (index + 1) * LIMITS.TERMINAL_ACK));
    expect(latest().acks).toEqual(steps);
    // The agent reads on once half of the window is acknowledged: what is drawn and not told of must be less.
    expect(LIMITS.TERMINAL_ACK).toBeLessThanOrEqual(LIMITS.TERMINAL_WINDOW / 4);
    expect(LIMITS.TERMINAL_ACK).toBeGreaterThanOrEqual(LIMITS.MAX_TERMINAL_OUTPUT / 2);
  });

  it("cuts a large paste into frames and waits while the socket is full", () => {
    const { session, latest, attach, screen } = setUp();
    attach(0, 0, true);
    screen.draw();
    const socket = latest();
    socket.bufferedAmount = 1_000_000;
    session.type(bytes("a".repeat(5 * 1024 * 1024)));
    expect(socket.typed).toBe("");
    socket.bufferedAmount = 0;
    vi.runAllTimers();
    const frames = socket.sent.filter((frame) => typeof frame !== "string");
    expect(Math.max(...frames.map((frame) => frame.length))).toBeLessThanOrEqual(32 * 1024 + 1);
    expect(socket.typed).toHaveLength(5 * 1024 * 1024);
  });

  it("keeps what is typed while the connection is away, and refuses more than is sensible", () => {
    const { session, screen, latest, attach, drop } = setUp();
    attach(0, 0, true);
    screen.draw();
    drop();
    expect(session.type(bytes("make test\r"))).toBe(true);
    expect(session.type(new Uint8Array(17 * 1024 * 1024))).toBe(false);
    vi.runAllTimers();
    latest().onopen?.(new Event("open"));
    expect(latest().typed).toBe("");
    latest().control({ type: "attached", terminal: { end: 0 }, from: 0, fresh: false });
    expect(latest().typed).toBe("make test\r");
  });

  it("tells its size whenever it attaches, within limits", () => {
    const { session, latest, attach, drop } = setUp();
    session.resize(0, 9999);
    attach(0, 0, true);
    expect(latest().sent).toContain('{"type":"resize","cols":1,"rows":500}');
    session.resize(100, 30);
    drop();
    vi.runAllTimers();
    attach(0, 0, false);
    expect(latest().sent).toContain('{"type":"resize","cols":100,"rows":30}');
  });

  it("says why it was closed, and comes back only when it makes sense", () => {
    const { states, latest, attach, drop, transports } = setUp();
    attach(0, 0, true);
    drop(CLOSE_CODES.TERMINAL_CLOSED);
    vi.runAllTimers();
    expect(transports).toHaveLength(1);
    expect(states.at(-1)).toMatchObject({ status: "closed", message: "The terminal was closed." });
    expect(latest().sent.length).toBeGreaterThanOrEqual(0);
  });

  it("shows the end of the shell after its last output, and not the close that follows", () => {
    const { screen, states, latest, attach, drop } = setUp();
    attach(0, 0, true);
    latest().output(0, "bye");
    latest().control({ type: "exited", status: 3 });
    drop(CLOSE_CODES.TERMINAL_EXITED);
    screen.draw();
    expect(screen.text).toBe("bye");
    expect(states.at(-1)).toEqual({ status: "exited", exitStatus: 3 });
  });

  it("follows size changes in the order of the output, and survives junk", () => {
    const { screen, notices, latest, attach } = setUp();
    attach(0, 0, true);
    latest().output(0, "a");
    latest().control({ type: "resized", cols: 40, rows: 10 });
    latest().control({ type: "read_only", message: "You may only look." });
    latest().onmessage?.(new MessageEvent("message", { data: "not json" }));
    latest().onmessage?.(new MessageEvent("message", { data: new ArrayBuffer(3) }));
    latest().onmessage?.(new MessageEvent("message", { data: new Uint8Array([9, 0, 0, 0, 0, 0, 0, 0, 0, 65]).buffer }));
    screen.draw();
    expect(screen.text).toBe("a");
    expect(screen.sizes).toEqual(["80x24", "40x10"]);
    expect(notices).toEqual(["You may only look."]);
  });
});
