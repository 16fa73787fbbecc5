import { expect, it } from "vitest";
import { isRepositoryUrl } from "./repositoryUrl";

it.each(["https://git.example.org/ada/weather.git", " https://git.example.org/ada/weather "])("takes %s", (text) => {
  expect(isRepositoryUrl(text)).toBe(true);
});

it.each(["", "weather", "http://git.example.org/a", "git@git.example.org:a.git", "file:///etc", "https://ada:x@h.org/a", "https://h.org/"])(
  "refuses %s",
  (text) => {
    expect(isRepositoryUrl(text)).toBe(false);
  },
);
