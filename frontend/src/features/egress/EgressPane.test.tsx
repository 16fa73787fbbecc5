import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, renderHook, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Tooltip } from "radix-ui";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { useProject } from "@/shared/project/projectStore";
import { dispatchEvents } from "@/shared/session/session";
import { useToasts } from "@/shared/ui/toasts";
import { useWorkspace } from "@/shared/workspace/workspace";

import { EgressPane } from "./EgressPane";
import { useDeniedNotices } from "./useDeniedNotices";

const DENIED = { at: 1, host: "files.example", port: 443, allowed: false, reason: "This sandbox may not reach files.example:443.", times: 3 };
const NOTHING: string[] = [];
const EGRESS = {
  mode: "packages",
  in_exam: false,
  packages: ["index.example"],
  hosts: NOTHING,
  own_mode: null,
  own_hosts: NOTHING,
  asked: NOTHING,
  bytes_per_sec: 0,
  sent: 1024,
  received: 2048,
  recent: [DENIED, { ...DENIED, host: "10.0.0.1", times: 1 }, { ...DENIED, host: "index.example", allowed: true, reason: "", times: 1 }],
  may_change: true,
  modes: ["none", "packages", "hosts"],
};

/** A server that answers with this, and notes what it is sent. */
function server(egress: typeof EGRESS) {
  const sent: { method: string; url: string; body: unknown }[] = [];
  vi.stubGlobal("fetch", (url: string, options: RequestInit) => {
    const body: unknown = typeof options.body === "string" ? JSON.parse(options.body) : null;
    if ((options.method ?? "GET") !== "GET") sent.push({ method: options.method ?? "", url, body });
    return Promise.resolve(new Response(JSON.stringify(egress), { headers: { "Content-Type": "application/json" } }));
  });
  return sent;
}

function show() {
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Tooltip.Provider>
        <EgressPane />
      </Tooltip.Provider>
    </QueryClientProvider>,
  );
}

beforeEach(() => {
  document.documentElement.lang = "en";
  useProject.setState({ id: "p", share: "owner" });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  useToasts.setState({ toasts: [] });
});

describe("the network panel", () => {
  it("lets who may allow a host that was refused, in a mode that reaches it", async () => {
    const sent = server(EGRESS);
    show();
    await userEvent.click(await screen.findByRole("button", { name: "Allow files.example" }));
    await waitFor(() => expect(sent).toEqual([{ method: "PUT", url: "/api/project/p/egress", body: { hosts: ["files.example"], mode: "hosts" } }]));
    expect(screen.queryByRole("button", { name: /10\.0\.0\.1/ })).toBeNull();
    expect(screen.queryByRole("button", { name: "Allow index.example" })).toBeNull();
  });

  it("lets who may not ask for it, and says who decides", async () => {
    const sent = server({ ...EGRESS, may_change: false, modes: [] });
    show();
    await screen.findByText(/A teacher of the project’s course, or an administrator/);
    expect(screen.queryByLabelText("What this project reaches")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Ask for files.example" }));
    await waitFor(() => expect(sent).toEqual([{ method: "POST", url: "/api/project/p/egress/ask", body: { host: "files.example" } }]));
  });

  it("shows a viewer what is reached, and offers nothing", async () => {
    useProject.setState({ share: "viewer" });
    server({ ...EGRESS, may_change: false, modes: [] });
    show();
    const recent = await screen.findByRole("list", { name: "Latest connections" });
    within(recent).getByText("×3");
    expect(within(recent).queryAllByRole("button")).toEqual([]);
    expect(screen.queryByLabelText("Ask for a host")).toBeNull();
  });

  it("refuses what is no host before it is sent", async () => {
    const sent = server(EGRESS);
    show();
    await userEvent.type(await screen.findByLabelText("Allow a host", { selector: "input" }), "10.0.0.1{Enter}");
    await screen.findByText(/Addresses cannot be allowed/);
    expect(sent).toEqual([]);
  });

  it("answers what was asked for", async () => {
    const sent = server({ ...EGRESS, asked: ["data.example"], own_hosts: ["files.example"], hosts: ["files.example"], mode: "hosts" });
    show();
    await userEvent.click(await screen.findByRole("button", { name: "Do not allow data.example" }));
    await waitFor(() => expect(sent.at(-1)?.body).toEqual({ hosts: ["files.example"], mode: null, refused: ["data.example"] }));
    await userEvent.click(screen.getByRole("button", { name: "Allow data.example" }));
    await waitFor(() => expect(sent.at(-1)?.body).toEqual({ hosts: ["files.example", "data.example"], mode: null }));
    await userEvent.click(screen.getByRole("button", { name: "Remove files.example" }));
    await waitFor(() => expect(sent.at(-1)?.body).toEqual({ hosts: [], mode: null }));
  });

  it("allows nothing while an exam is on", async () => {
    server({ ...EGRESS, in_exam: true, mode: "none" });
    show();
    await screen.findByText("An exam is on: this project has no network.");
    expect(screen.getByRole("button", { name: "Allow files.example" })).toHaveProperty("disabled", true);
    screen.getByText("What you change here holds once the exam is over.");
  });

  it("promises a student nothing while an exam is on, of what a teacher could allow at other times", async () => {
    server({ ...EGRESS, in_exam: true, mode: "none", may_change: false, modes: [] });
    show();
    await screen.findByText(/Until it is over, nobody can let the project reach anything/);
    expect(screen.queryByText(/A teacher of the project’s course/)).toBeNull();
    expect(screen.queryByLabelText("Ask for a host")).toBeNull();
    cleanup();
    server({ ...EGRESS, may_change: false, modes: [] });
    show();
    await screen.findByText(/A teacher of the project’s course/);
    screen.getByLabelText("Ask for a host", { selector: "input" });
  });
});

describe("a notice of what was refused", () => {
  it("is given once for each host, and leads to the panel", () => {
    renderHook(() => useDeniedNotices());
    const denied = (host: string) => ({ seq: 1, at: 1, type: "egress_denied" as const, data: { host, port: 443, reason: "no" } });
    dispatchEvents([denied("a.example"), denied("a.example"), denied("b.example")]);
    const { toasts } = useToasts.getState();
    expect(toasts.map(({ message }) => message)).toEqual(["The project may not reach a.example.", "The project may not reach b.example."]);
    toasts[0]?.action?.run();
    expect(useWorkspace.getState().left).toBe("network");
  });
});
