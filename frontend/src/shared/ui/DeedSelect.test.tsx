import { QueryClient, QueryClientProvider, useQuery } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { ApiError } from "@/shared/api/request";
import { DeedSelect } from "./DeedSelect";
import { useToasts } from "./toasts";

afterEach(() => {
  cleanup();
  useToasts.setState({ toasts: [] });
});

const OPTIONS = ["student", "teacher", "admin"].map((value) => ({ value, label: value }));

/** A field that shows what the server has, and a deed that ends when the test says so. */
function shown() {
  const server = { role: "student", reads: 0 };
  const ends: { keep: () => void; refuse: (message: string) => void }[] = [];
  const onChoose = vi.fn((value: string) => {
    return new Promise<void>((resolve, reject) => {
      const keep = () => {
        server.role = value;
        resolve();
      };
      ends.push({ keep, refuse: (message) => reject(new ApiError(409, "conflict", message)) });
    });
  });
  function Role() {
    const queryFn = () => {
      server.reads += 1;
      return Promise.resolve(server.role);
    };
    const { data } = useQuery({ queryKey: ["role"], queryFn, initialData: "student", staleTime: Number.POSITIVE_INFINITY });
    return <DeedSelect label="Role" value={data} options={OPTIONS} changes={["role"]} onChoose={(value) => onChoose(value)} />;
  }
  render(
    <QueryClientProvider client={new QueryClient()}>
      <Role />
    </QueryClientProvider>,
  );
  const select = screen.getByRole<HTMLSelectElement>("combobox", { name: "Role" });
  const step = (value: string) => {
    fireEvent.keyDown(select, { key: "ArrowDown" });
    fireEvent.change(select, { target: { value } });
  };
  const asked = (values: string[]) => waitFor(() => expect(onChoose.mock.calls).toEqual(values.map((value) => [value])));
  const settled = () => waitFor(() => expect(select.getAttribute("aria-busy")).toBe("false"));
  return { server, ends, select, onChoose, step, asked, settled };
}

test("what a pointer picks is done at once", async () => {
  const { select, asked } = shown();
  fireEvent.keyDown(select, { key: "Tab" });
  fireEvent.pointerDown(select);
  fireEvent.change(select, { target: { value: "admin" } });
  await asked(["admin"]);
});

test("what keys go past is not done: Enter does what they stand on", async () => {
  const { select, onChoose, step, asked } = shown();
  step("teacher");
  step("admin");
  expect(onChoose).not.toHaveBeenCalled();
  expect(select.value).toBe("admin");
  fireEvent.keyDown(select, { key: "Enter" });
  fireEvent.blur(select);
  await asked(["admin"]);
});

test("leaving the field does it as well, and Escape takes it back", async () => {
  const { select, onChoose, step, asked } = shown();
  step("teacher");
  fireEvent.keyDown(select, { key: "Escape" });
  expect(select.value).toBe("student");
  fireEvent.blur(select);
  expect(onChoose).not.toHaveBeenCalled();
  step("teacher");
  fireEvent.blur(select);
  await asked(["teacher"]);
});

test("what was chosen is shown until the list says so too", async () => {
  const { server, ends, select, step, asked, settled } = shown();
  const seen: string[] = [];
  const observer = new MutationObserver(() => seen.push(select.value));
  observer.observe(select, { attributes: true });
  step("teacher");
  fireEvent.keyDown(select, { key: "Enter" });
  await asked(["teacher"]);
  expect(select.value).toBe("teacher");
  expect(select.getAttribute("aria-busy")).toBe("true");
  ends[0]?.keep();
  await settled();
  observer.disconnect();
  expect(server.reads).toBe(1);
  expect(select.value).toBe("teacher");
  expect(new Set(seen)).toEqual(new Set(["teacher"]));
});

test("what is refused is what it was, and why is told", async () => {
  const { ends, select, step, asked, settled } = shown();
  step("admin");
  fireEvent.blur(select);
  await asked(["admin"]);
  ends[0]?.refuse("Someone has to be an administrator.");
  await settled();
  expect(select.value).toBe("student");
  expect(useToasts.getState().toasts.map(({ message }) => message)).toEqual(["Someone has to be an administrator."]);
});

test("a second choice waits for the first, and is the one that stays", async () => {
  const { server, ends, select, asked, settled } = shown();
  fireEvent.pointerDown(select);
  fireEvent.change(select, { target: { value: "admin" } });
  await asked(["admin"]);
  fireEvent.change(select, { target: { value: "teacher" } });
  await waitFor(() => expect(select.value).toBe("teacher"));
  await asked(["admin"]);
  ends[0]?.keep();
  await asked(["admin", "teacher"]);
  expect(select.value).toBe("teacher");
  ends[1]?.keep();
  await settled();
  expect([select.value, server.role]).toEqual(["teacher", "teacher"]);
});
