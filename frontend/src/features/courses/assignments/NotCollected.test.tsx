import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { parseSubmission, type Uncollected } from "@/wire/courses";
import { NotCollected } from "./NotCollected";

const LATER = Date.now() / 1000 + 3600;
const WHY: Uncollected = { code: "timed_out", message: "The sandbox did not answer.", failures: 2, againAt: LATER };

beforeEach(() => {
  document.documentElement.lang = "en";
});
afterEach(cleanup);

function show(uncollected: Uncollected) {
  const again = vi.fn();
  render(<NotCollected name="Ada" uncollected={uncollected} busy={false} onAgain={again} />);
  return again;
}

it("says why it could not be collected and when it is tried again, and tries it now", async () => {
  const again = show(WHY);
  screen.getByText("Could not be collected: The sandbox did not answer.");
  screen.getByText(/^It is tried again /);
  await userEvent.click(screen.getByRole("button", { name: "Try again to collect what Ada made" }));
  expect(again).toHaveBeenCalledOnce();
});

it("says so when it is not tried again by itself, and while it is tried", () => {
  show({ ...WHY, againAt: null });
  screen.getByText("It is not tried again by itself.");
  cleanup();
  show({ ...WHY, againAt: 1 });
  screen.getByText("It is being collected now…");
});

it("is told by the server, to teachers alone", () => {
  const told = { login: "ada", name: "Ada", state: "not_collected", size: 0, project_id: "p", person_id: "a" };
  const teachers = { ...told, uncollected: { code: "timed_out", message: "No.", failures: 1, again_at: 5 } };
  expect(parseSubmission(teachers).uncollected).toEqual({ code: "timed_out", message: "No.", failures: 1, againAt: 5 });
  expect(parseSubmission({ ...told, uncollected: null }).uncollected).toBeNull();
});
