import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { fireEvent, render, screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { router } from "../router";
import { PageFailed } from "./PageFailed";

it("stands in for a page that fails, says why, and shows the page once it can be shown", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  let broken = true;
  const Page = () => {
    if (broken) throw new Error("A part is missing.");
    return <p>Shown</p>;
  };
  const failing = createRouter({
    routeTree: createRootRoute({ component: Page }),
    history: createMemoryHistory(),
    defaultErrorComponent: PageFailed,
  });
  render(<RouterProvider router={failing} />);
  expect((await screen.findByRole("alert")).textContent).toContain("A part is missing.");
  broken = false;
  fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByText("Shown")).toBeDefined();
});

it("is what every page has", () => {
  expect(router.options.defaultErrorComponent).toBe(PageFailed);
});
