import { describe, expect, it } from "vitest";
import { oidcHref, oidcProblem } from "./oidc";

describe("the identity provider's sign-in", () => {
  it("takes the path to come back to along", () => {
    expect(oidcHref("/api/oidc/login", "/project/p1?a=b#c")).toBe("/api/oidc/login?next=%2Fproject%2Fp1%3Fa%3Db%23c");
  });

  it("says why it did not succeed", () => {
    expect(oidcProblem("")).toBe("");
    expect(oidcProblem("forbidden")).toMatch(/not let in/);
    expect(oidcProblem("toString")).toBe(oidcProblem("bad_request"));
  });
});
