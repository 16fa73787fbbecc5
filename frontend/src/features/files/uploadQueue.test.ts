import { describe, expect, it, vi } from "vitest";

import { AlreadyThere, UploadQueue, type SendOptions, type Upload } from "./uploadQueue";

interface Transfer {
  path: string;
  options: SendOptions;
  finish: () => void;
  fail: (error: Error) => void;
}

function setUp() {
  const transfers: Transfer[] = [];
  let latest: readonly Upload[] = [];
  const queue = new UploadQueue<{ size: number }>(
    (path, _body, options) =>
      new Promise((resolve, reject) => {
        transfers.push({ path, options, finish: resolve, fail: reject });
        options.signal.addEventListener("abort", () => reject(new Error("stopped")));
      }),
    (uploads) => (latest = uploads),
  );
  const kinds = () => latest.map(({ state }) => state.kind);
  const until = (expected: string[]) => vi.waitFor(() => expect(kinds()).toEqual(expected), { timeout: 60_000 });
  const at = (index: number) => {
    const transfer = transfers[index];
    if (transfer === undefined) throw new Error(`transfer ${String(index)} was not started`);
    return transfer;
  };
  return { queue, transfers, at, kinds, until, uploads: () => latest };
}

describe("UploadQueue", () => {
  it("sends two at a time, in order, with their progress", async () => {
    const { queue, transfers, at, kinds, until, uploads } = setUp();
    for (const name of ["a", "b", "c"]) queue.add(name, { size: 10 });
    expect(kinds()).toEqual(["sending", "sending", "waiting"]);
    at(0).options.onProgress(7);
    expect(uploads()[0]?.state).toEqual({ kind: "sending", sent: 7 });
    at(0).finish();
    await until(["done", "sending", "sending"]);
    expect(transfers.map(({ path }) => path)).toEqual(["a", "b", "c"]);
  });

  it("replaces nothing unless it is told to", async () => {
    const { queue, at, until, uploads } = setUp();
    queue.add("a", { size: 1 });
    expect(at(0).options.overwrite).toBe(false);
    at(0).fail(new AlreadyThere("a"));
    await until(["exists"]);
    queue.again(uploads()[0]?.id ?? 0, true);
    await until(["sending"]);
    expect(at(1).options.overwrite).toBe(true);
    at(1).finish();
    await until(["done"]);
  });

  it("goes on with the others when one fails, and sends that one again", async () => {
    const { queue, at, until, uploads } = setUp();
    for (const name of ["a", "b", "c"]) queue.add(name, { size: 1 });
    at(0).fail(new Error("The disk is full."));
    await until(["failed", "sending", "sending"]);
    expect(uploads()[0]?.state).toEqual({ kind: "failed", message: "The disk is full." });
    at(1).finish();
    queue.again(uploads()[0]?.id ?? 0, false);
    await until(["sending", "done", "sending"]);
  });

  it("stops one that is removed, and starts the next", async () => {
    const { queue, at, until, uploads } = setUp();
    for (const name of ["a", "b", "c"]) queue.add(name, { size: 1 });
    queue.remove(uploads()[0]?.id ?? 0);
    expect(at(0).options.signal.aborted).toBe(true);
    await until(["sending", "sending"]);
    at(1).finish();
    await until(["done", "sending"]);
    queue.tidy();
    expect(uploads()).toHaveLength(1);
  });
});
