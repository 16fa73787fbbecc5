import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeTransport } from "@/testing/fakeTransport";
import type { SocketState } from "@/shared/socket/reconnectingSocket";
import type { WireEvent } from "@/wire/generated";
import { EventStream } from "./eventStream";

function event(seq: number): unknown {
  return { seq, at: 0, type: "project_changed", data: { etag: `e${String(seq)}`, by: "" } };
}

let batches: WireEvent[][];
let reloads: number;
let states: SocketState["status"][];
let flushes: (() => void)[];
let stream: EventStream;

function seen(): number[] {
  return batches.flat().map((item) => item.seq);
}

function frame(): void {
  for (const flush of flushes.splice(0)) flush();
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeTransport.made = [];
  batches = [];
  reloads = 0;
  states = [];
  flushes = [];
  stream = new EventStream({
    path: "/api/project/p/events",
    onEvents: (events) => batches.push([...events]),
    onReload: () => (reloads += 1),
    onState: (state) => states.push(state.status),
    connect: (url) => new FakeTransport(url),
    schedule: (flush) => {
      flushes.push(flush);
      return () => undefined;
    },
  });
});

afterEach(() => {
  stream.dispose();
  vi.useRealTimers();
});

function greet(epoch = "E", seq = 10): FakeTransport {
  const transport = FakeTransport.last();
  transport.open();
  transport.say({ epoch, seq });
  return transport;
}

function reconnect(code?: number): FakeTransport {
  FakeTransport.last().drop(code);
  vi.advanceTimersByTime(60_000);
  return FakeTransport.last();
}

describe("the event stream", () => {
  it("asks for a reload when it begins, then gives each frame's events at once", () => {
    const transport = greet();
    expect(reloads).toBe(1);
    transport.say([event(11), event(12)]);
    transport.say([event(13)]);
    expect(batches).toEqual([]);
    frame();
    expect(batches).toHaveLength(1);
    expect(seen()).toEqual([11, 12, 13]);
  });

  it("comes back where it was, without a reload and without repetition", () => {
    greet().say([event(11), event(12)]);
    const next = reconnect();
    expect(next.url).toContain("after=12&epoch=E");
    next.open();
    next.say({ epoch: "E", seq: 13 });
    next.say([event(12), event(13)]);
    frame();
    expect(seen()).toEqual([11, 12, 13]);
    expect(reloads).toBe(1);
  });

  it("puts events of a frame in order", () => {
    greet().say([event(13), event(11), event(12)]);
    frame();
    expect(seen()).toEqual([11, 12, 13]);
  });

  it("asks again from the last one when a number is missing", () => {
    greet().say([event(11), event(14)]);
    const next = FakeTransport.last();
    expect(FakeTransport.made).toHaveLength(2);
    expect(next.url).toContain("after=11");
    next.open();
    next.say({ epoch: "E", seq: 14 });
    next.say([event(12), event(13), event(14)]);
    frame();
    expect(seen()).toEqual([11, 12, 13, 14]);
    expect(reloads).toBe(1);
  });

  it("reloads when it is still missing, and goes on", () => {
    greet().say([event(14)]);
    const next = FakeTransport.last();
    next.open();
    next.say({ epoch: "E", seq: 14 });
    next.say([event(14), event(15)]);
    frame();
    expect(reloads).toBe(2);
    expect(seen()).toEqual([14, 15]);
  });

  it("reloads when the server began anew", () => {
    greet().say([event(11)]);
    reconnect();
    greet("F", 3).say([event(4)]);
    frame();
    expect(reloads).toBe(2);
    expect(seen()).toEqual([11, 4]);
  });

  it("forgets its place when the server no longer holds it", () => {
    greet();
    expect(reconnect(4012).url).not.toContain("after=");
    greet("E", 99);
    expect(reloads).toBe(2);
  });

  it("ends when the project was deleted, with the reason", () => {
    greet();
    reconnect(4027);
    expect(FakeTransport.made).toHaveLength(1);
    expect(states.at(-1)).toBe("closed");
  });

  it("leaves out types that it does not know, and counts them", () => {
    greet().say([{ seq: 11, at: 0, type: "from_the_future", data: {} }, event(12)]);
    frame();
    expect(seen()).toEqual([12]);
  });

  it("spreads a flood over several frames", () => {
    greet().say(Array.from({ length: 7_000 }, (_, index) => event(11 + index)));
    frame();
    expect(seen()).toHaveLength(3_000);
    frame();
    frame();
    expect(seen()).toHaveLength(7_000);
  });
});
