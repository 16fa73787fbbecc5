import { expect, it } from "vitest";
import { secretOf } from "./linkSecret";

it.each([
  ["#afs_abc", "afs_abc"],
  ["", ""],
  ["#", ""],
])("the secret of %j is %j", (hash, secret) => {
  expect(secretOf(hash)).toBe(secret);
});
