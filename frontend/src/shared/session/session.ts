import { useEffect, useEffectEvent } from "react";
import type { WireEvent } from "@/wire/generated";

export type EventOf<T extends WireEvent["type"]> = Extract<WireEvent, { type: T }>;
type Handler = (event: WireEvent) => void;

const handlers = new Map<WireEvent["type"], Set<Handler>>();
type BatchHandler = (events: readonly WireEvent[]) => void;
const batchHandlers = new Set<BatchHandler>();
const reloadHandlers = new Set<() => void>();

function isType<T extends WireEvent["type"]>(event: WireEvent, type: T): event is EventOf<T> {
  return event.type === type;
}

/** Be told of events of the open project. Called in order, once per event, in batches of one animation frame. */
export function onEvent<T extends WireEvent["type"]>(type: T, handler: (event: EventOf<T>) => void): () => void {
  const set = handlers.get(type) ?? new Set<Handler>();
  handlers.set(type, set);
  const wrapped: Handler = (event) => {
    if (isType(event, type)) handler(event);
  };
  set.add(wrapped);
  return () => set.delete(wrapped);
}

/** Be given all events of a frame at once: for state that many events change. */
export function onEventBatch(handler: BatchHandler): () => void {
  batchHandlers.add(handler);
  return () => batchHandlers.delete(handler);
}

/** Be told that events were missed: what was read before may be out of date and must be read anew. */
export function onReload(handler: () => void): () => void {
  reloadHandlers.add(handler);
  return () => reloadHandlers.delete(handler);
}

export function useEvent<T extends WireEvent["type"]>(type: T, handler: (event: EventOf<T>) => void): void {
  const latest = useEffectEvent(handler);
  useEffect(() => onEvent(type, (event) => latest(event)), [type]);
}

export function useReload(handler: () => void): void {
  const latest = useEffectEvent(handler);
  useEffect(() => onReload(() => latest()), []);
}

/** Only the event stream calls this. */
export function dispatchEvents(events: readonly WireEvent[]): void {
  for (const handler of [...batchHandlers]) handler(events);
  for (const event of events) for (const handler of handlers.get(event.type) ?? []) handler(event);
}

/** Only the event stream calls this. */
export function dispatchReload(): void {
  for (const handler of [...reloadHandlers]) handler();
}
