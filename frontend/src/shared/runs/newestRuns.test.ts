import { expect, test } from "vitest";
import type { RunStatus, RunSummary } from "@/wire/generated";
import { newestRuns } from "./newestRuns";

function run(run_id: string, node_ids: string[], status: RunStatus = "succeeded"): RunSummary {
  return { run_id, node_ids, status, kind: "node", created_at: 0, duration_ms: 1, started_by: "" };
}

test("of runs of single nodes, each node's newest is read", () => {
  const single = Array.from({ length: 20 }, (_, index) => run(`r${String(index)}`, [`n${String(index)}`]));
  expect(newestRuns(single).ended).toEqual(single.map(({ run_id }) => run_id));
});

test("a run that later ones replaced for all of its nodes is not read", () => {
  const list = [run("third", ["a"]), run("second", ["b"]), run("first", ["a", "b"])];
  expect(newestRuns(list).ended).toEqual(["third", "second"]);
  expect(newestRuns([run("third", ["a"]), run("first", ["a", "b"])]).ended).toEqual(["third", "first"]);
});

test("what goes on is told apart, and its nodes need no older result", () => {
  expect(newestRuns([run("now", ["a"], "running"), run("before", ["a"])])).toEqual({ live: ["now"], ended: [] });
});

test("a page that opens does not read hundreds of runs", () => {
  const single = Array.from({ length: 200 }, (_, index) => run(`r${String(index)}`, [`n${String(index)}`]));
  const { ended } = newestRuns(single);
  expect(ended.length).toBeLessThan(60);
  expect(ended[0]).toBe("r0");
});
