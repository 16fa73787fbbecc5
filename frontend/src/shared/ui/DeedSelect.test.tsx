import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { DeedSelect } from "./DeedSelect";

afterEach(cleanup);

const OPTIONS = ["student", "teacher", "admin"].map((value) => ({ value, label: value }));

function shown() {
  const onChoose = vi.fn<(value: string) => void>();
  render(<DeedSelect label="Role" value="student" options={OPTIONS} onChoose={onChoose} />);
  const select = screen.getByRole<HTMLSelectElement>("combobox", { name: "Role" });
  const step = (value: string) => {
    fireEvent.keyDown(select, { key: "ArrowDown" });
    fireEvent.change(select, { target: { value } });
  };
  return { select, onChoose, step };
}

test("what a pointer picks is done at once", () => {
  const { select, onChoose } = shown();
  fireEvent.keyDown(select, { key: "Tab" });
  fireEvent.pointerDown(select);
  fireEvent.change(select, { target: { value: "admin" } });
  expect(onChoose.mock.calls).toEqual([["admin"]]);
});

test("what keys go past is not done: Enter does what they stand on", () => {
  const { select, onChoose, step } = shown();
  step("teacher");
  step("admin");
  expect(onChoose).not.toHaveBeenCalled();
  expect(select.value).toBe("admin");
  fireEvent.keyDown(select, { key: "Enter" });
  fireEvent.blur(select);
  expect(onChoose.mock.calls).toEqual([["admin"]]);
});

test("leaving the field does it as well, and Escape takes it back", () => {
  const { select, onChoose, step } = shown();
  step("teacher");
  fireEvent.keyDown(select, { key: "Escape" });
  expect(select.value).toBe("student");
  fireEvent.blur(select);
  expect(onChoose).not.toHaveBeenCalled();
  step("teacher");
  fireEvent.blur(select);
  expect(onChoose.mock.calls).toEqual([["teacher"]]);
});
