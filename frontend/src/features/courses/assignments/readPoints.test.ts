import { expect, it } from "vitest";
import { readPoints } from "./CommentDialog";

it("takes points as people write them", () => {
  expect(["", " 7 ", "2,5", "0", "ten", "1e400"].map(readPoints)).toEqual([null, 7, 2.5, 0, undefined, undefined]);
});
