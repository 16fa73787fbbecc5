/** What a person types to install: names with versions, one after the other. Pure. */

export interface Specifiers {
  readonly specifiers: readonly string[];
  /** The parts that are no requirement. */
  readonly wrong: readonly string[];
}

/** PEP 508 without markers: a name, extras, versions; or `name @ url`. The installer has the last word. */
const REQUIREMENT =
  /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?:\[[A-Za-z0-9._, -]*\])?(?:\s*(?:===|==|~=|!=|<=|>=|<|>)\s*[A-Za-z0-9.*+!_-]+(?:\s*,\s*(?:===|==|~=|!=|<=|>=|<|>)\s*[A-Za-z0-9.*+!_-]+)*)?$/;

/** Joins what belongs together (`a >= 1, < 2`), then cuts at spaces, line breaks and semicolons. */
function parts(text: string): string[] {
  return text
    .replace(/\s*(===|==|~=|!=|<=|>=|<|>)\s*/g, "$1")
    .replace(/\s*,\s*(?=[<>=!~])/g, ",")
    .split(/[\s;]+|,(?![<>=!~])(?![^[]*\])/)
    .filter((part) => part !== "");
}

export function parseSpecifiers(text: string): Specifiers {
  // Pasted from a shell: the command is not a package.
  const typed = text.trim().replace(/^[!%]?(?:uv\s+)?(?:pip3?|uv)\s+(?:install|add)\s+/, "");
  const all = [...new Set(parts(typed))];
  return { specifiers: all.filter((part) => REQUIREMENT.test(part)), wrong: all.filter((part) => !REQUIREMENT.test(part)) };
}

/** Names as Python compares them: `Foo.Bar` is `foo-bar`. */
export function normalized(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, "-");
}

/** The one name that is typed, without a version; null when there are several, or none. */
export function loneName(specifiers: readonly string[]): string | null {
  const [only, ...others] = specifiers;
  return only !== undefined && others.length === 0 && /^[A-Za-z0-9._-]+$/.test(only) ? only : null;
}
