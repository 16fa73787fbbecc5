/** Reading of JSON whose shape is not known: another program wrote it, and every field is checked. */

export type JsonRecord = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function record(value: unknown): JsonRecord {
  return isRecord(value) ? value : {};
}

export function text(value: unknown, otherwise = ""): string {
  return typeof value === "string" ? value : otherwise;
}

export function number(value: unknown, otherwise = 0): number {
  return typeof value === "number" && Number.isFinite(value) ? value : otherwise;
}

export function optionalNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The parsed values of a list, without those that the parser refuses. */
export function parsed<T>(value: unknown, parse: (item: unknown) => T | undefined): T[] {
  const out: T[] = [];
  for (const item of list(value)) {
    const one = parse(item);
    if (one !== undefined) out.push(one);
  }
  return out;
}
