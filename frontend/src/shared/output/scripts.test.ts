import { expect, it } from "vitest";
import { mayHaveScripts } from "./scripts";

it("offers scripts only where there may be some", () => {
  expect(mayHaveScripts("<table><tr><td>1</td></tr></table>")).toBe(false);
  expect(mayHaveScripts("<p>A description</p>")).toBe(false);
  expect(mayHaveScripts('<div></div><script src="x">')).toBe(true);
  expect(mayHaveScripts("<SCRIPT>plot()</SCRIPT>")).toBe(true);
  expect(mayHaveScripts('<button onclick = "f()">')).toBe(true);
});
