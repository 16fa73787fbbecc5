import { isRecord, ParseError } from "./parse";

/** What the parsers of the control plane's answers read: one field of an object each. */

export type Fields = Record<string, unknown>;

export function fieldsOf(value: unknown, what: string): Fields {
  if (!isRecord(value)) throw new ParseError(`${what}: expected an object`);
  return value;
}

/** A text; empty where there is none. */
export function text(fields: Fields, name: string): string {
  const value = fields[name] ?? "";
  if (typeof value !== "string") throw new ParseError(`${name}: expected a string`);
  return value;
}

/** An id: what has none cannot be acted on. */
export function id(fields: Fields, name = "id"): string {
  const value = text(fields, name);
  if (value === "") throw new ParseError(`${name} is missing`);
  return value;
}

/** A number, which may be missing. */
export function time(fields: Fields, name: string): number | null {
  const value = fields[name] ?? null;
  if (value !== null && typeof value !== "number") throw new ParseError(`${name}: expected a number`);
  return value;
}

/** A number; 0 where there is none. */
export function number(fields: Fields, name: string): number {
  return time(fields, name) ?? 0;
}

/** One of the words that are known. */
export function oneOf<T extends string>(choices: readonly T[], fields: Fields, name: string): T {
  const found = choices.find((choice) => choice === fields[name]);
  if (found === undefined) throw new ParseError(`${name}: expected ${choices.join(" | ")}`);
  return found;
}

/** A parser of lists. */
export function listOf<T>(parse: (value: unknown) => T): (value: unknown) => T[] {
  return (value) => {
    if (!Array.isArray(value)) throw new ParseError("expected a list");
    return value.map((item) => parse(item));
  };
}
