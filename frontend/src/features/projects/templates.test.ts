import { afterEach, expect, it } from "vitest";
import { loadTexts } from "@/shared/i18n/i18n";
import { described, inReadersLanguage } from "./templates";

const ALL = ["empty", "welcome", "welcome-ko", "only-ko"].map((name) => ({ name, title: name, description: "" }));
const shown = () => inReadersLanguage(ALL).map(({ name }) => name);

afterEach(() => loadTexts("en"));

it("offers each template in the reader's language", async () => {
  expect(shown()).toEqual(["empty", "welcome", "only-ko"]);
  await loadTexts("ko");
  expect(shown()).toEqual(["empty", "welcome-ko", "only-ko"]);
});

it("calls its own by a name that the reader knows", () => {
  const titles = ALL.map((template) => described(template).title);
  expect(titles).toEqual(["empty", "Welcome", "Welcome", "only-ko"]);
});
