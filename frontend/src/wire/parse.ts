import { EVENT_SCHEMAS, SCHEMAS, type Received, type WireEvent } from "./generated";

/**
 * The one place where values of unknown shape become typed ones: everything that comes from the server passes here,
 * and is checked against the schemas that were generated from the server's own types.
 */

/** A type as data: see `SCHEMAS` in `generated.ts`. */
type Shape = string | readonly unknown[];
type Fields = Readonly<Record<string, readonly [Shape, unknown?]>>;
type Json = Record<string, unknown>;

/** The server sent something that the contract does not allow. */
export class ParseError extends Error {
  override name = "ParseError";
}

const schemas = SCHEMAS as unknown as Readonly<Record<string, Fields>>;

export function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fail(path: string, expected: string, value: unknown): never {
  const got = value === null ? "null" : Array.isArray(value) ? "a list" : typeof value;
  throw new ParseError(`${path}: expected ${expected}, got ${got}`);
}

function check(shape: Shape, value: unknown, path: string): unknown {
  if (typeof shape === "string") {
    if (shape !== "unknown" && typeof value !== shape) fail(path, shape, value);
    return value;
  }
  const [kind, ...rest] = shape as readonly [string, ...unknown[]];
  switch (kind) {
    case "nullable":
      return value === null ? null : check(rest[0] as Shape, value, path);
    case "array":
      if (!Array.isArray(value)) fail(path, "a list", value);
      return (value as unknown[]).map((item, index) => check(rest[0] as Shape, item, `${path}[${String(index)}]`));
    case "record": {
      if (!isRecord(value)) fail(path, "an object", value);
      const copy: Json = {};
      for (const key of Object.keys(value)) copy[key] = check(rest[0] as Shape, value[key], `${path}.${key}`);
      return copy;
    }
    case "enum":
      if (!rest.includes(value)) fail(path, rest.join(" | "), value);
      return value;
    case "ref":
      return checkFields(rest[0] as string, value, path);
    default:
      throw new ParseError(`${path}: unknown schema ${kind}`);
  }
}

function checkFields(name: string, value: unknown, path: string): Json {
  if (!isRecord(value)) fail(path, name, value);
  const fields = schemas[name];
  if (fields === undefined) throw new ParseError(`${path}: no schema for ${name}`);
  const copy: Json = {};
  for (const field of Object.keys(fields)) {
    const entry = fields[field];
    if (entry === undefined) continue;
    const given = value[field];
    if (given !== undefined) copy[field] = check(entry[0], given, `${path}.${field}`);
    else if (entry.length > 1) copy[field] = structuredClone(entry[1]);
    else throw new ParseError(`${path}.${field} is missing`);
  }
  return copy;
}

/** Check a value against the named type. Throws `ParseError`, which names the field. */
export function parse<K extends keyof Received>(name: K, value: unknown): Received[K] {
  return checkFields(name, value, name) as unknown as Received[K];
}

export function parseList<K extends keyof Received>(name: K, value: unknown): Received[K][] {
  if (!Array.isArray(value)) fail(name, "a list", value);
  return (value as unknown[]).map((item) => parse(name, item));
}

/** One event; null for a type that this version does not know (a newer server may send it). */
export function parseEvent(value: unknown): WireEvent | null {
  if (!isRecord(value)) fail("event", "an object", value);
  const { seq, at, type, data } = value;
  if (typeof seq !== "number" || typeof at !== "number" || typeof type !== "string") {
    throw new ParseError("event: seq, at and type are needed");
  }
  if (!Object.hasOwn(EVENT_SCHEMAS, type)) return null;
  const name = EVENT_SCHEMAS[type as keyof typeof EVENT_SCHEMAS];
  return { seq, at, type, data: checkFields(name, data, type) } as unknown as WireEvent;
}

export function parseJson(text: string): unknown {
  return JSON.parse(text) as unknown;
}

/** Which object keys a record has, with their type kept. */
export function typedKeys<T extends object>(value: T): (keyof T & string)[] {
  return Object.keys(value) as (keyof T & string)[];
}
