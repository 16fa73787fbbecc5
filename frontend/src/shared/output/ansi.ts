/** Text with the colours that terminals know (SGR); all other escape sequences are dropped. */
export interface AnsiSpan {
  text: string;
  /** Index into the sixteen colours, or "#rrggbb". */
  colour: number | string | null;
  background: number | string | null;
  bold: boolean;
  italic: boolean;
  underline: boolean;
}

type Style = Omit<AnsiSpan, "text">;

const PLAIN: Style = { colour: null, background: null, bold: false, italic: false, underline: false };
// eslint-disable-next-line no-control-regex -- escape sequences start with a control character
const SEQUENCE = /\u001b(?:\[([0-9;]*)([A-Za-z])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

function extended(codes: readonly number[], at: number): { colour: number | string | null; used: number } {
  if (codes[at] === 5) return { colour: from256(codes[at + 1] ?? 0), used: 2 };
  if (codes[at] === 2) {
    const [red = 0, green = 0, blue = 0] = codes.slice(at + 1, at + 4);
    return { colour: hex(red, green, blue), used: 4 };
  }
  return { colour: null, used: 1 };
}

function hex(...parts: number[]): string {
  return `#${parts.map((part) => Math.min(255, part).toString(16).padStart(2, "0")).join("")}`;
}

function from256(index: number): number | string {
  if (index < 16) return index;
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return hex(grey, grey, grey);
  }
  const level = (value: number) => (value === 0 ? 0 : 55 + value * 40);
  const cube = index - 16;
  return hex(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6));
}

function applied(style: Style, codes: readonly number[]): Style {
  let next = { ...style };
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code === 0) next = { ...PLAIN };
    else if (code === 1) next.bold = true;
    else if (code === 3) next.italic = true;
    else if (code === 4) next.underline = true;
    else if (code === 22) next.bold = false;
    else if (code === 23) next.italic = false;
    else if (code === 24) next.underline = false;
    else if (code >= 30 && code <= 37) next.colour = code - 30;
    else if (code >= 90 && code <= 97) next.colour = code - 82;
    else if (code === 39) next.colour = null;
    else if (code >= 40 && code <= 47) next.background = code - 40;
    else if (code >= 100 && code <= 107) next.background = code - 92;
    else if (code === 49) next.background = null;
    else if (code === 38 || code === 48) {
      const { colour, used } = extended(codes, at + 1);
      if (code === 38) next.colour = colour;
      else next.background = colour;
      at += used;
    }
  }
  return next;
}

/** A carriage return goes back to the start of its line: what follows is written over it. */
function overwritten(text: string): string {
  if (!text.includes("\r")) return text;
  return text
    .replaceAll("\r\n", "\n")
    .split("\n")
    .map((line) => line.replace(/\r+$/, ""))
    .map((line) => line.slice(line.lastIndexOf("\r") + 1))
    .join("\n");
}

export function parseAnsi(source: string): AnsiSpan[] {
  const text = overwritten(source);
  const spans: AnsiSpan[] = [];
  let style = PLAIN;
  let from = 0;
  const add = (until: number) => {
    if (until > from) spans.push({ ...style, text: text.slice(from, until) });
  };
  for (const match of text.matchAll(SEQUENCE)) {
    add(match.index);
    from = match.index + match[0].length;
    if (match[2] === "m") style = applied(style, (match[1] ?? "").split(";").map(Number));
  }
  add(text.length);
  return spans;
}
