import { afterEach, expect, it, vi } from "vitest";
import { pageStorage } from "@/shared/preferences/pageStorage";
import { arrangementNow } from "./arrangement";
import { ArrangementStorage, forgetArrangements } from "./arrangementStorage";

afterEach(() => pageStorage()?.clear());

const wide = (width: number) => ({ ...arrangementNow(), width });

it("keeps what each person has open of each project apart", () => {
  const ada = new ArrangementStorage("ada", "p1");
  ada.write(wide(1));
  new ArrangementStorage("grace", "p1").write(wide(2));
  new ArrangementStorage("ada", "p2").write(wide(3));
  expect(new ArrangementStorage("ada", "p1").read()).toEqual(wide(1));
  expect(new ArrangementStorage("grace", "p1").read()).toEqual(wide(2));
  expect(new ArrangementStorage("grace", "p2").read()).toBeUndefined();
});

it("forgets the projects that were arranged longest ago, and all of them at a sign-out", () => {
  pageStorage()?.setItem("aimforge.preferences", "{}");
  for (let project = 0; project < 60; project += 1) new ArrangementStorage("ada", `p${String(project)}`).write(wide(1), 1_000 + project);
  expect(new ArrangementStorage("ada", "p9").read()).toBeUndefined();
  expect(new ArrangementStorage("ada", "p10").read()).toEqual(wide(1));
  forgetArrangements();
  expect(Object.keys(pageStorage() ?? {})).toEqual(["aimforge.preferences"]);
});

it("does without storage, and with a full one", () => {
  const none = new ArrangementStorage("ada", "p1", undefined);
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  none.write(wide(1));
  expect(none.read()).toBeUndefined();
  new ArrangementStorage("ada", "p1").write(wide(1));
  expect(new ArrangementStorage("ada", "p1").read()).toBeUndefined();
});
