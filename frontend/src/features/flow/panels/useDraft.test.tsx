import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TextField } from "@/shared/ui/fields";
import { useDraft } from "./useDraft";

const save = vi.fn<(text: string) => void>();

function Seconds() {
  const draft = useDraft("30", save, (text) => (Number(text) > 0 ? "" : "This is no number."));
  return <TextField label="Time limit" {...draft} />;
}

beforeEach(() => {
  save.mockClear();
  render(<Seconds />);
});
afterEach(cleanup);

async function typed(text: string): Promise<HTMLInputElement> {
  const field = screen.getByLabelText<HTMLInputElement>("Time limit");
  await userEvent.clear(field);
  await userEvent.type(field, text);
  return field;
}

test("what can be saved is saved when the field is left", async () => {
  const field = await typed("45");
  expect(field.getAttribute("aria-invalid")).toBe("false");
  await userEvent.tab();
  expect(save.mock.calls).toEqual([["45"]]);
});

test("what cannot be saved stays beside a sentence that describes the field, and saves nothing", async () => {
  const field = await typed("soon{Enter}");
  await userEvent.tab();
  expect(save).not.toHaveBeenCalled();
  expect(field.value).toBe("soon");
  expect(field.getAttribute("aria-invalid")).toBe("true");
  expect(document.getElementById(field.getAttribute("aria-describedby") ?? "")?.textContent).toBe("This is no number.");
});

test("Escape takes it back", async () => {
  const field = await typed("soon{Escape}");
  expect(field.value).toBe("30");
  expect(field.getAttribute("aria-invalid")).toBe("false");
});
