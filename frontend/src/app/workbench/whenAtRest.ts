import { onEventBatch } from "@/shared/session/session";
import type { WireEvent } from "@/wire/generated";

/** What people do, and what a run tells: both want every frame that there is. */
const USES = ["pointermove", "pointerdown", "wheel", "keydown"] as const;
const RUNNING: ReadonlySet<WireEvent["type"]> = new Set(["run_started", "node_status", "node_stream", "node_display", "node_finished"]);

const REST_MS = 1_000;

/**
 * Work that would be felt: done once, when the page was neither used nor told of a run for a second and the browser is
 * idle. Returns what calls it off.
 */
export function whenAtRest(work: () => void): () => void {
  let used = performance.now();
  let callOff: () => void = () => undefined;
  const use = () => {
    used = performance.now();
  };
  const stopEvents = onEventBatch((events) => {
    if (events.some(({ type }) => RUNNING.has(type))) use();
  });
  for (const name of USES) window.addEventListener(name, use, { capture: true, passive: true });
  const stop = () => {
    callOff();
    stopEvents();
    for (const name of USES) window.removeEventListener(name, use, { capture: true });
  };
  const done = () => {
    stop();
    work();
  };
  const wait = () => {
    const left = used + REST_MS - performance.now();
    if (left > 0) {
      const timer = setTimeout(wait, left);
      callOff = () => clearTimeout(timer);
    } else if ("requestIdleCallback" in window) {
      const handle = requestIdleCallback(done);
      callOff = () => cancelIdleCallback(handle);
    } else {
      // Not every browser tells when it is idle.
      done();
    }
  };
  wait();
  return stop;
}
