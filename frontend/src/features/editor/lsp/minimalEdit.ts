/** The one replacement that turns a text into another, as small as common ends make it: the cursor stays where it was. */
export interface Replacement {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

function splitsPair(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff;
}

export function minimalEdit(before: string, after: string): Replacement {
  const shorter = Math.min(before.length, after.length);
  let from = 0;
  while (from < shorter && before.charCodeAt(from) === after.charCodeAt(from)) from++;
  // Neither end may cut a surrogate pair or a CRLF in two.
  while (from > 0 && (splitsPair(before, from) || splitsPair(after, from) || before[from - 1] === "\r")) from--;
  let same = 0;
  const at = (text: string, back: number) => text.charCodeAt(text.length - back);
  while (same < shorter - from && at(before, same + 1) === at(after, same + 1)) same++;
  const cuts = () => splitsPair(before, before.length - same) || before[before.length - same] === "\n";
  while (same > 0 && cuts()) same--;
  return { from, to: before.length - same, text: after.slice(from, after.length - same) };
}
