import { describe, expect, it } from "vitest";
import { refusalOf } from "./refusal";
import { ApiError } from "./request";

describe("a refused form", () => {
  const known = ["login", "password"] as const;

  it("shows the message at the field that the server named", () => {
    const error = new ApiError(422, "invalid", "A password has 10 characters.", { field: "password" });
    expect(refusalOf(error, known)).toEqual({ fields: { password: "A password has 10 characters." }, form: "" });
  });

  it.each([{ field: "color" }, {}])("shows it above the form when no field of the form was named: %j", (detail) => {
    expect(refusalOf(new ApiError(422, "invalid", "No.", detail), known)).toEqual({ fields: {}, form: "No." });
  });

  it("is empty when nothing was refused", () => {
    expect(refusalOf(null, known)).toEqual({ fields: {}, form: "" });
  });
});
