import { beforeEach, expect, it } from "vitest";
import { node } from "@/testing/builders";
import { forgetEdit, perform, redo, resetHistory, undo, useHistory } from "./history";
import { change } from "./steps";

const a = node("a");

beforeEach(resetHistory);

it("goes back and forth", () => {
  perform(change(a, { title: "1" }));
  expect(undo()?.nodes.get("a")?.after?.title).toBe("a");
  expect(redo()?.nodes.get("a")?.after?.title).toBe("1");
  expect(redo()).toBeNull();
});

it("takes a burst of typing as one step, and a pause as the end of it", () => {
  perform(change(a, { title: "1" }, "title"), 0);
  perform(change({ ...a, title: "1" }, { title: "12" }, "title"), 300);
  perform(change({ ...a, title: "12" }, { title: "123" }, "title"), 5_000);
  expect(useHistory.getState().done).toHaveLength(2);
  undo();
  expect(undo()?.nodes.get("a")?.after?.title).toBe("a");
});

it("forgets what was undone once something new is done", () => {
  perform(change(a, { title: "1" }));
  undo();
  perform(change(a, { title: "2" }));
  expect(redo()).toBeNull();
});

it("forgets a step that the server refused", () => {
  const refused = change(a, { title: "1" });
  perform(refused);
  forgetEdit(refused);
  expect(undo()).toBeNull();
});
