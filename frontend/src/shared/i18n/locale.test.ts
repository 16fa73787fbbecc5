import { afterEach, expect, it, vi } from "vitest";
import { locale } from "./locale";

afterEach(() => {
  vi.restoreAllMocks();
  document.documentElement.lang = "";
});

it.each([
  ["en", ["de-DE", "en-GB", "en"], "en-GB"],
  ["en", ["de-DE"], "en"],
  ["ko", ["en-GB", "ko"], "ko"],
  ["en", ["eng-XX"], "en"],
])("%s in a browser that is set to %s is written as %s", (language, languages, expected) => {
  document.documentElement.lang = language;
  vi.spyOn(navigator, "languages", "get").mockReturnValue(languages);
  expect(locale()).toBe(expected);
});
