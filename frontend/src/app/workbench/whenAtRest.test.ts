import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { dispatchEvents } from "@/shared/session/session";
import type { WireEvent } from "@/wire/generated";
import { whenAtRest } from "./whenAtRest";

// jsdom does not tell when it is idle: the work follows at once.
beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("works once after a second in which nothing happened", () => {
  const work = vi.fn<() => void>();
  whenAtRest(work);
  vi.advanceTimersByTime(999);
  expect(work).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(work).toHaveBeenCalledTimes(1);
  window.dispatchEvent(new Event("wheel"));
  vi.advanceTimersByTime(5_000);
  expect(work).toHaveBeenCalledTimes(1);
});

test.each(["pointermove", "pointerdown", "wheel", "keydown"])("waits while there is a %s now and then", (name) => {
  const work = vi.fn<() => void>();
  whenAtRest(work);
  for (let time = 0; time < 5; time += 1) {
    vi.advanceTimersByTime(700);
    window.dispatchEvent(new Event(name));
  }
  expect(work).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1_000);
  expect(work).toHaveBeenCalledTimes(1);
});

test("waits for a run, and not for what a project at rest tells", () => {
  const work = vi.fn<() => void>();
  const status: WireEvent = { seq: 1, at: 0, type: "node_status", data: { run_id: "r", node_id: "n", status: "running" } };
  const packages: WireEvent = { seq: 2, at: 0, type: "package_changed", data: { fingerprint: "f", added: [], removed: [], updated: [] } };
  whenAtRest(work);
  vi.advanceTimersByTime(700);
  dispatchEvents([status]);
  vi.advanceTimersByTime(700);
  expect(work).not.toHaveBeenCalled();
  dispatchEvents([packages]);
  vi.advanceTimersByTime(300);
  expect(work).toHaveBeenCalledTimes(1);
});

test("does nothing once it was called off", () => {
  const work = vi.fn<() => void>();
  whenAtRest(work)();
  vi.advanceTimersByTime(10_000);
  expect(work).not.toHaveBeenCalled();
});
