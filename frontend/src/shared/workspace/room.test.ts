import { describe, expect, it } from "vitest";
import { firstSides, sidesBesideCode, sidesWith } from "./room";

const BOTH = { left: "palette", right: true } as const;

describe("side panels", () => {
  it("are both there where there is room for them", () => {
    expect(firstSides(1280)).toEqual(BOTH);
    expect(sidesBesideCode(BOTH, 1440)).toEqual(BOTH);
    expect(sidesWith("right", BOTH, 1280)).toEqual(BOTH);
  });

  it("leave code a width that can be read", () => {
    expect(sidesBesideCode(BOTH, 1280)).toEqual({ left: "palette", right: false });
    expect(sidesBesideCode(BOTH, 820)).toEqual({ left: null, right: false });
  });

  it("take turns on a tablet that is held upright", () => {
    expect(firstSides(820)).toEqual({ left: null, right: false });
    expect(firstSides(1024)).toEqual({ left: "palette", right: false });
    expect(sidesWith("right", BOTH, 820)).toEqual({ left: null, right: true });
    expect(sidesWith("left", BOTH, 820)).toEqual({ left: "palette", right: false });
  });
});
