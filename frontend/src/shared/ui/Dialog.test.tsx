import { cleanup, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Tooltip } from "radix-ui";
import { useState } from "react";
import { afterEach, expect, it } from "vitest";
import { Dialog } from "./Dialog";
import { Menu } from "./Menu";

afterEach(cleanup);

function Asking({ by }: { by: "button" | "menu" }) {
  const [open, setOpen] = useState(false);
  const ask = () => setOpen(true);
  return (
    <Tooltip.Provider>
      {by === "button" ? <button onClick={ask}>Ask</button> : <Menu trigger={<button>Ask</button>} items={[{ label: "Now", onSelect: ask }]} />}
      {open && (
        <Dialog open title="A question" onClose={() => setOpen(false)}>
          <input aria-label="Answer" autoFocus />
        </Dialog>
      )}
    </Tooltip.Provider>
  );
}

it.each(["button", "menu"] as const)("gives the focus back to the %s that it was opened by", async (by) => {
  render(<Asking by={by} />);
  await userEvent.tab();
  await userEvent.keyboard("{Enter}");
  if (by === "menu") {
    await screen.findByRole("menuitem", { name: "Now" });
    await userEvent.keyboard("{Enter}");
  }
  const field = await screen.findByLabelText("Answer");
  await waitFor(() => expect(document.activeElement).toBe(field));
  await userEvent.keyboard("{Escape}");
  await waitFor(() => expect(document.activeElement).toBe(screen.getByRole("button", { name: "Ask" })));
});
