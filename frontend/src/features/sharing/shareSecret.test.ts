import { afterEach, describe, expect, it } from "vitest";
import { forgetSecret, keepSecret, keptSecret } from "./shareSecret";

afterEach(forgetSecret);

describe("the secret of a share link", () => {
  it("is kept until it was used", () => {
    expect(keptSecret()).toBe("");
    keepSecret("afs_abc");
    expect(keptSecret()).toBe("afs_abc");
    forgetSecret();
    expect(keptSecret()).toBe("");
  });
});
