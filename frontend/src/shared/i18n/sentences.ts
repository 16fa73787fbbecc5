/** Finds a sentence among templates with `{name}` in them, and writes it by what each stands for. */
export class Sentences {
  private readonly plain = new Map<string, string>();
  private readonly patterns: readonly (readonly [RegExp, string])[];

  constructor(templates: Readonly<Record<string, string>>) {
    const patterns: (readonly [RegExp, string])[] = [];
    for (const [template, written] of Object.entries(templates)) {
      if (template.includes("{")) patterns.push([pattern(template), written]);
      else this.plain.set(template, written);
    }
    this.patterns = patterns;
  }

  /** Undefined for what none of the templates has. Lines after the first are kept as they are: they are details. */
  find(sentence: string): string | undefined {
    const end = sentence.indexOf("\n");
    const line = end < 0 ? sentence : sentence.slice(0, end);
    const written = this.plain.get(line) ?? this.filled(line);
    return written === undefined || end < 0 ? written : written + sentence.slice(end);
  }

  private filled(line: string): string | undefined {
    if (line.length > MAX_LENGTH) return undefined;
    for (const [template, written] of this.patterns) {
      const groups = template.exec(line)?.groups;
      if (groups !== undefined) return written.replaceAll(/\{(\w+)\}/g, (_, name: string) => groups[name] ?? "");
    }
    return undefined;
  }
}

/** What a sandbox says may be long; what is filled in is not. */
const MAX_LENGTH = 600;

function pattern(template: string): RegExp {
  const source = template
    .split(/\{(\w+)\}/)
    .map((part, index) => (index % 2 === 1 ? `(?<${part}>.+?)` : part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")))
    .join("");
  return new RegExp(`^${source}$`);
}
