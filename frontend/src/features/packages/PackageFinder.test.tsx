import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Tooltip } from "radix-ui";
import { afterEach, describe, expect, it, vi } from "vitest";

import type { PackageSearch } from "@/wire/generated";

import { PackageFinder } from "./PackageFinder";

const NUMPY = { name: "numpy", version: "2.4", offline: true };
const NUMBA = { name: "numba", version: "", offline: false };

/** A server that gives these answers one after the other, and then the last one for ever. */
function server(...answers: PackageSearch[]) {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (url: string) => {
    asked.push(url);
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    return Promise.resolve(new Response(JSON.stringify(answer), { headers: { "Content-Type": "application/json" } }));
  });
  return asked;
}

function show(name: string, installed: string[] = []) {
  const onInstall = vi.fn();
  const packages = installed.map((one) => ({ name: one, version: "1", required: false }));
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Tooltip.Provider>
        <PackageFinder projectId="p" name={name} installed={packages} disabled={false} onInstall={onInstall} />
      </Tooltip.Provider>
    </QueryClientProvider>,
  );
  return onInstall;
}

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe("the package finder", () => {
  it("tells what needs no network, and reads the index's list only when it is asked to", async () => {
    const asked = server(
      { matches: [NUMPY], listing: "unread", message: "" },
      { matches: [NUMPY], listing: "reading", message: "" },
      { matches: [NUMPY, NUMBA], listing: "ready", message: "" },
    );
    const onInstall = show("num");
    await screen.findByText("offline: Lies in the sandbox: it installs without a network.");
    expect(asked.filter((url) => url.includes("read="))).toEqual([]);
    await userEvent.click(screen.getByRole("button", { name: "Search the package index" }));
    await userEvent.click(await screen.findByRole("button", { name: "Install numba" }, { timeout: 10_000 }));
    expect(onInstall).toHaveBeenCalledWith("numba");
    expect(asked.some((url) => url.includes("read=true"))).toBe(true);
  });

  it("leaves out what is installed", async () => {
    server({ matches: [NUMPY, NUMBA], listing: "ready", message: "" });
    show("num", ["NumPy"]);
    await screen.findByText("numba");
    expect(screen.queryByText("numpy")).toBeNull();
  });

  it("says why there is no list, and still asks for one name", async () => {
    server({ matches: [], listing: "absent", message: "The list of the package index cannot be read: it answered with 404." });
    show("private-thing");
    await screen.findByText(/answered with 404/);
    screen.getByRole("button", { name: "Look up private-thing" });
  });

  it("searches for no single letter", () => {
    const asked = server({ matches: [], listing: "unread", message: "" });
    show("n");
    expect(screen.queryByRole("region")).toBeNull();
    expect(asked).toEqual([]);
  });
});
