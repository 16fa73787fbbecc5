import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";

import { ApiError } from "@/shared/api/request";
import { useToasts } from "@/shared/ui/toasts";
import { parseAllowance, parseAllowanceSet } from "@/wire/allowances";

import { AllowanceForm, type AllowanceBody } from "./AllowanceForm";

const SAID = parseAllowance({ memory: 512 * 1024 * 1024, egress: "packages", hosts: ["files.example"] });
const EVERYBODY = parseAllowance({ memory: 1024 * 1024 * 1024, at_once: 0, hosts: [] });

function show(onSave: (body: AllowanceBody) => ReturnType<typeof saved>, aboutPeople = true) {
  render(
    <QueryClientProvider client={new QueryClient()}>
      <AllowanceForm allowance={SAID} otherwise={EVERYBODY} aboutPeople={aboutPeople} onSave={onSave} onSaved={() => undefined} />
    </QueryClientProvider>,
  );
}

function saved(atNextStart: string[] = []) {
  const info = { subject: "role:student", allowance: { hosts: [] }, set_by_name: "", set_at: 1 };
  return Promise.resolve(parseAllowanceSet({ allowance: info, at_next_start: atNextStart }));
}

afterEach(() => {
  cleanup();
  useToasts.setState({ toasts: [] });
});

describe("the form of an allowance", () => {
  it("sends what is written, nothing for what is empty, and says what holds later", async () => {
    const onSave = vi.fn(() => saved(["p"]));
    show(onSave);
    screen.getByText("Otherwise 1024");
    screen.getByText("Otherwise no limit; 0: no limit");
    await userEvent.clear(screen.getByLabelText("Memory (MiB)"));
    await userEvent.type(screen.getByLabelText("Sandboxes at once"), "2");
    await userEvent.selectOptions(screen.getByLabelText("Network"), "Packages and named hosts");
    await userEvent.type(screen.getByLabelText("Named hosts"), "\ndata.example:8443");
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(onSave).toHaveBeenCalledOnce());
    expect(onSave).toHaveBeenCalledWith(
      expect.objectContaining({ memory: null, at_once: 2, pids: null, egress: "hosts", hosts: ["files.example", "data.example:8443"] }),
      expect.anything(),
    );
    expect(useToasts.getState().toasts[0]?.message).toBe("Saved. Sandboxes that get it at their next start: 1.");
  });

  it("asks how many projects somebody may have where the subject is people, and nowhere else", async () => {
    const onSave = vi.fn(() => saved());
    show(onSave);
    await userEvent.type(screen.getByLabelText("Projects of a person"), "5");
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(onSave).toHaveBeenCalledWith(expect.objectContaining({ projects: 5 }), expect.anything()));
    cleanup();
    show(onSave, false);
    expect(screen.queryByLabelText("Projects of a person")).toBeNull();
  });

  it("sends nothing that is no number", async () => {
    const onSave = vi.fn(() => saved());
    show(onSave);
    await userEvent.type(screen.getByLabelText("CPU (cores)"), "many");
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    screen.getByText("Write a number, or leave it empty.");
    expect(onSave).not.toHaveBeenCalled();
  });

  it("shows a refusal at the field that it is about", async () => {
    show(() => Promise.reject(new ApiError(403, "forbidden", "Teachers may give memory up to 1.", { field: "memory" })));
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(screen.getByLabelText("Memory (MiB)").getAttribute("aria-invalid")).toBe("true"));
    screen.getByText("Teachers may give memory up to 1.");
  });
});
