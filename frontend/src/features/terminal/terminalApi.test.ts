import { beforeEach, expect, it, vi } from "vitest";
import { useLive } from "@/shared/live/liveStore";
import type { Terminal } from "@/wire/generated";
import { loadTerminals } from "./terminalApi";

const terminal = (id: string): Terminal => ({ id, name: id, cols: 80, rows: 24, created_at: 0, start: 0, end: 0, exit_status: null, foreground: "", viewers: 0 });

let answer: (terminals: readonly Terminal[]) => void;

beforeEach(() => {
  useLive.setState({ terminals: null });
  const answered = new Promise<Response>((resolve) => {
    answer = (terminals) => resolve(Response.json(terminals));
  });
  vi.stubGlobal("fetch", () => answered);
});

it("reads the list", async () => {
  const loaded = loadTerminals("p1");
  answer([terminal("a")]);
  await loaded;
  expect(useLive.getState().terminals?.map(({ id }) => id)).toEqual(["a"]);
});

it("does not take an answer for newer than what was told meanwhile", async () => {
  const loaded = loadTerminals("p1");
  useLive.setState({ terminals: [terminal("made")] });
  answer([]);
  await loaded;
  expect(useLive.getState().terminals?.map(({ id }) => id)).toEqual(["made"]);
});
