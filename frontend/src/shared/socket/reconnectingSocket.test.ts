import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { FakeTransport } from "@/testing/fakeTransport";
import { ReconnectingSocket, type SocketState } from "./reconnectingSocket";

let states: SocketState[];
let socket: ReconnectingSocket;

beforeEach(() => {
  vi.useFakeTimers();
  FakeTransport.made = [];
  states = [];
  socket = new ReconnectingSocket({
    url: () => "/api/x",
    onMessage: () => undefined,
    onState: (state) => states.push(state),
    connect: (url) => new FakeTransport(url),
    random: () => 1,
  });
});

afterEach(() => {
  socket.dispose();
  vi.useRealTimers();
});

it("waits longer after each failure, up to a limit", () => {
  const waits: number[] = [];
  for (let attempt = 0; attempt < 9; attempt += 1) {
    FakeTransport.last().drop();
    const state = states.at(-1);
    if (state?.status !== "waiting") throw new Error("it should wait");
    waits.push(state.retryAt - Date.now());
    vi.advanceTimersByTime(20_000);
  }
  expect(waits.slice(0, 3)).toEqual([300, 600, 1200]);
  expect(waits.at(-1)).toBe(15_000);
});

it("starts over with short waits after a healthy time", () => {
  for (let attempt = 0; attempt < 4; attempt += 1) {
    FakeTransport.last().drop();
    vi.advanceTimersByTime(20_000);
  }
  FakeTransport.last().open();
  vi.advanceTimersByTime(10_000);
  FakeTransport.last().drop();
  expect(states.at(-1)).toMatchObject({ status: "waiting", attempt: 1 });
});

it("tries at once when the browser is online again", () => {
  FakeTransport.last().drop();
  window.dispatchEvent(new Event("online"));
  expect(FakeTransport.made).toHaveLength(2);
});

it("does not retry what the server refused, and says why", () => {
  FakeTransport.last().drop(4003);
  vi.advanceTimersByTime(60_000);
  expect(FakeTransport.made).toHaveLength(1);
  expect(states.at(-1)).toEqual({ status: "closed", code: 4003, message: "You may not open this." });
});

it("sends only while it is open, and stores nothing up", () => {
  expect(socket.send("early")).toBe(false);
  FakeTransport.last().open();
  expect(socket.send("now")).toBe(true);
  expect(FakeTransport.last().sent).toEqual(["now"]);
});

it("is silent once it was disposed of", () => {
  FakeTransport.last().drop();
  socket.dispose();
  vi.advanceTimersByTime(60_000);
  expect(FakeTransport.made).toHaveLength(1);
});
