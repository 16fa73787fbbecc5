import { expect, it } from "vitest";
import { secretOf, wholeLink } from "./linkSecret";

it.each([
  ["#afs_abc", "afs_abc"],
  ["", ""],
  ["#", ""],
])("the secret of %j is %j", (hash, secret) => {
  expect(secretOf(hash)).toBe(secret);
});

it("makes a path a link of this site, and leaves a link as it is", () => {
  expect(wholeLink("/join#s")).toBe(`${window.location.origin}/join#s`);
  expect(wholeLink("https://forge.example/join#s")).toBe("https://forge.example/join#s");
});
