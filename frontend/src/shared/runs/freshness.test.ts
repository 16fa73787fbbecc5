import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Refresh } from "./freshness";

/** Answers that the test gives when it likes. */
function setUp() {
  const pending: { resolve: (value: string) => void; reject: (error: unknown) => void }[] = [];
  const shown: string[] = [];
  const errors: unknown[] = [];
  const refresh = new Refresh<string>({
    load: () => new Promise((resolve, reject) => pending.push({ resolve, reject })),
    apply: (value) => shown.push(value),
    onError: (error) => errors.push(error),
    delayMs: 100,
  });
  return { refresh, pending, shown, errors };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("reading what many events change", () => {
  it("happens once for many events, which do not put it off", async () => {
    const { refresh, pending, shown } = setUp();
    for (let i = 0; i < 5; i += 1) {
      refresh.request();
      await vi.advanceTimersByTimeAsync(25);
    }
    expect(pending).toHaveLength(1);
    pending[0]?.resolve("now");
    await vi.advanceTimersByTimeAsync(0);
    // The fifth event came while the answer was under way.
    expect(shown).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    pending[1]?.resolve("newer");
    await vi.advanceTimersByTimeAsync(1000);
    expect(shown).toEqual(["newer"]);
    expect(pending).toHaveLength(2);
  });

  it("drops an answer, or a failure, that something overtook", async () => {
    const { refresh, pending, shown, errors } = setUp();
    refresh.request();
    await vi.advanceTimersByTimeAsync(100);
    refresh.request();
    pending[0]?.reject(new Error("old"));
    await vi.advanceTimersByTimeAsync(100);
    pending[1]?.resolve("fresh");
    await vi.advanceTimersByTimeAsync(0);
    expect(errors).toEqual([]);
    expect(shown).toEqual(["fresh"]);
  });

  it("ends with its owner", async () => {
    const { refresh, pending, shown } = setUp();
    refresh.request();
    await vi.advanceTimersByTimeAsync(100);
    refresh.dispose();
    pending[0]?.resolve("late");
    refresh.request();
    await vi.advanceTimersByTimeAsync(500);
    expect(shown).toEqual([]);
    expect(pending).toHaveLength(1);
  });
});
