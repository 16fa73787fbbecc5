import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, renderHook, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { pageStorage } from "@/shared/preferences/pageStorage";
import { resetProject, useProject } from "@/shared/project/projectStore";
import { closeTab, openFile, openNode, resetWorkspace, useWorkspace } from "@/shared/workspace/workspace";
import { node } from "@/testing/builders";
import { useArrangement } from "./useArrangement";

const ME = { id: "ada", name: "Ada", login: "ada", role: "student", mode: "hosted", has_password: true };

/** A server that knows who asks, and which files there are; 503 stands for one that cannot say. */
function server(files: Readonly<Record<string, number>>, me = new Response(JSON.stringify(ME))): void {
  vi.stubGlobal("fetch", (url: string) => {
    if (url.startsWith("/api/me")) return Promise.resolve(me.clone());
    const status = files[new URLSearchParams(url.slice(url.indexOf("?"))).get("path") ?? ""] ?? 404;
    const body = status < 300 ? "x" : JSON.stringify({ error: "not_found", message: "No.", detail: {} });
    return Promise.resolve(new Response(body, { status }));
  });
}

function visit() {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const wrapper = ({ children }: { children: ReactNode }) => <QueryClientProvider client={client}>{children}</QueryClientProvider>;
  resetWorkspace();
  return renderHook(() => useArrangement("p1", true), { wrapper });
}

const keys = () => useWorkspace.getState().tabs.map(({ key }) => key);

beforeEach(() => {
  resetProject("p1");
  useProject.setState({ loaded: true, nodes: new Map([["n1", node("n1")], ["n2", node("n2")]]) });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  pageStorage()?.clear();
});

describe("what somebody had open", () => {
  it("is open at the next visit, without nodes and files that are gone", async () => {
    server({ "notes.md": 200, "away.md": 200, "unknown.md": 503 });
    const first = visit();
    await waitFor(() => expect(first.result.current).toBe(true));
    openNode("n1");
    openNode("n2");
    for (const path of ["notes.md", "away.md", "unknown.md"]) openFile(path);
    first.unmount();

    useProject.setState({ nodes: new Map([["n2", node("n2")]]) });
    server({ "notes.md": 206, "unknown.md": 503 });
    const second = visit();
    await waitFor(() => expect(keys()).toEqual(["node:n2", "file:notes.md", "file:unknown.md"]));
    expect(second.result.current).toBe(true);
    expect(useWorkspace.getState().activeTab).toBe("file:unknown.md");

    // What is kept is what is open now, not what was.
    closeTab("file:unknown.md");
    second.unmount();
    visit();
    await waitFor(() => expect(keys()).toEqual(["node:n2", "file:notes.md"]));
  });

  it("is not shown to somebody else, nor waited for where nobody is known", async () => {
    server({});
    const first = visit();
    await waitFor(() => expect(first.result.current).toBe(true));
    openNode("n1");
    first.unmount();
    server({}, new Response(JSON.stringify({ ...ME, id: "grace" })));
    const other = visit();
    await waitFor(() => expect(other.result.current).toBe(true));
    expect(keys()).toEqual([]);
    other.unmount();
    server({}, new Response("{}", { status: 503 }));
    const unknown = visit();
    await waitFor(() => expect(unknown.result.current).toBe(true));
    expect(keys()).toEqual([]);
  });
});
