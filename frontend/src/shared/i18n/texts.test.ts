import { expect, it } from "vitest";
import { en } from "./en";
import { t } from "./i18n";
import { ko } from "./ko";

const placeholders = (text: string) => [...new Set([...text.matchAll(/\{\w+\}/g)].map(([whole]) => whole))].sort();

it("has each text in both languages", () => {
  expect(Object.keys(ko).sort()).toEqual(Object.keys(en).sort());
  expect(Object.entries(ko).filter(([, text]) => text.trim() === "")).toEqual([]);
});

it("fills the same values in, in both languages", () => {
  const values = (texts: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, placeholders(text).join(" ")]));
  expect(values(ko)).toEqual(values(en));
});

it("tells one from several", () => {
  expect(t("flow.groupHolds", { count: 1 })).toBe("1 node");
  expect(t("flow.groupHolds", { count: 3 })).toBe("3 nodes");
});

it("is in Korean where it is not a name", () => {
  const english = new Map<string, string>(Object.entries(en));
  const words = (text: string) => text.replaceAll(/\{\w+\}/g, "");
  const foreign = Object.entries(ko).filter(
    ([key, text]) => !/[가-힣]/.test(text) && /[a-z]{3}/.test(words(text)) && text !== english.get(key),
  );
  expect(foreign).toEqual([]);
});
