import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { mayEdit, resetProject } from "./projectStore";
import { loadShare } from "./share";

function listed(share: string | undefined) {
  const project = { id: "p1", name: "Weather", sandbox: "ready", ...(share === undefined ? {} : { share }) };
  vi.stubGlobal("fetch", () => Promise.resolve(Response.json([{ id: "p2", share: "viewer" }, project])));
}

beforeEach(() => resetProject("p1"));
afterEach(() => vi.unstubAllGlobals());

describe("what a person may do with a project", () => {
  it.each([
    ["viewer", false],
    ["editor", true],
    ["owner", true],
    [undefined, true],
  ])("as %s", async (share, may) => {
    listed(share);
    await loadShare("p1");
    expect(mayEdit()).toBe(may);
  });

  it("is to look, for what is not in their list", async () => {
    vi.stubGlobal("fetch", () => Promise.resolve(Response.json([{ id: "p2", share: "owner" }])));
    await loadShare("p1");
    expect(mayEdit()).toBe(false);
  });

  it("is forgotten with the project", async () => {
    listed("viewer");
    await loadShare("p1");
    resetProject("p2");
    expect(mayEdit()).toBe(true);
  });
});
