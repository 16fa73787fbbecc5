import { fireEvent, render, screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";

import type { VenvStatus } from "@/wire/generated";

import { EnvironmentProgress } from "./EnvironmentProgress";

const DONE: VenvStatus = { status: "completed", progress: 1, message: "", python: "", fingerprint: "", usable: true, outdated: false, log: [] };

function shown(venv: Partial<VenvStatus>) {
  const onInstall = vi.fn();
  render(<EnvironmentProgress venv={{ ...DONE, ...venv }} onRecreate={vi.fn()} onInstall={onInstall} />);
  return { onInstall, button: screen.queryByRole("button", { name: "Install what requirements.txt asks for" }) };
}

it("offers to install what an edited requirements.txt asks for", () => {
  const { onInstall, button } = shown({ outdated: true });
  expect(screen.getByText(/asks for other packages/)).toBeTruthy();
  if (button !== null) fireEvent.click(button);
  expect(onInstall).toHaveBeenCalledOnce();
});

it("offers nothing while all is installed, or is being installed", () => {
  expect(shown({}).button).toBeNull();
  expect(shown({ status: "installing", outdated: true }).button).toBeNull();
});
