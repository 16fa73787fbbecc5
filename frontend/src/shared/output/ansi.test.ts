import { expect, it } from "vitest";
import { parseAnsi } from "./ansi";

const ESC = String.fromCharCode(27);

function shown(text: string): string {
  return parseAnsi(text)
    .map((span) => span.text)
    .join("");
}

it("reads colours and goes back to plain", () => {
  const [red, plain] = parseAnsi(`${ESC}[1;31mbad${ESC}[0m ok`);
  expect(red).toMatchObject({ text: "bad", colour: 1, bold: true });
  expect(plain).toMatchObject({ text: " ok", colour: null, bold: false });
});

it("reads 256 colours, true colour and backgrounds", () => {
  expect(parseAnsi(`${ESC}[38;5;196mx`)[0]?.colour).toBe("#ff0000");
  expect(parseAnsi(`${ESC}[38;5;9mx`)[0]?.colour).toBe(9);
  expect(parseAnsi(`${ESC}[48;2;1;2;3mx`)[0]?.background).toBe("#010203");
  expect(parseAnsi(`${ESC}[92mx`)[0]?.colour).toBe(10);
});

it("drops what moves the cursor or sets a title", () => {
  expect(shown(`a${ESC}[2Kb${ESC}]0;title${String.fromCharCode(7)}c${ESC}[10;3Hd`)).toBe("abcd");
});

it("shows the last state of a progress bar", () => {
  expect(shown("10%\r50%\r100%\r\nnext")).toBe("100%\nnext");
});
