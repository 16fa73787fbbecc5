import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it } from "vitest";
import { Menu } from "./Menu";

afterEach(cleanup);

it("tells what there is to know to whoever opens it, by key too", async () => {
  render(<Menu trigger={<button>State</button>} note={"It failed.\nThe disk is full."} items={[{ label: "Restart", onSelect: () => undefined }]} />);
  await userEvent.tab();
  await userEvent.keyboard("{Enter}");
  const menu = await screen.findByRole("menu");
  const note = document.getElementById(menu.getAttribute("aria-describedby") ?? "");
  expect(note?.textContent).toBe("It failed.\nThe disk is full.");
});

it("describes nothing where there is nothing to know", async () => {
  render(<Menu trigger={<button>State</button>} items={[{ label: "Restart", onSelect: () => undefined }]} />);
  await userEvent.tab();
  await userEvent.keyboard("{Enter}");
  expect((await screen.findByRole("menu")).getAttribute("aria-describedby")).toBeNull();
});
