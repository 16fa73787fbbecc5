import type { Package } from "@/wire/generated";
import { normalized } from "./specifiers";

const MOST = 8;

/** Packages that install without a network and match what is typed: those that begin with it first. */
export function suggestions(text: string, available: readonly Package[], installed: readonly Package[]): Package[] {
  const wanted = normalized(text.trim());
  if (wanted === "") return [];
  const there = new Set(installed.map(({ name }) => normalized(name)));
  const begins = ({ name }: Package) => Number(normalized(name).startsWith(wanted));
  return available
    .filter(({ name }) => normalized(name).includes(wanted) && !there.has(normalized(name)))
    .sort((a, b) => begins(b) - begins(a) || a.name.localeCompare(b.name))
    .slice(0, MOST);
}

/** The one name that is typed, without a version; null when there are several, or none. */
export function loneName(specifiers: readonly string[]): string | null {
  const [only, ...others] = specifiers;
  return only !== undefined && others.length === 0 && /^[A-Za-z0-9._-]+$/.test(only) ? only : null;
}
