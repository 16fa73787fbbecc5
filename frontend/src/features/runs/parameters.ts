import type { Node } from "@/wire/generated";

/** A value that can be given for one run. */
export interface Parameter {
  /** As `params` of a run names it: `title`, or `title.setting`. */
  key: string;
  label: string;
  type: string;
  value: unknown;
  choices: readonly unknown[];
}

export function parameters(nodes: readonly Node[]): Parameter[] {
  const sorted = [...nodes].sort((a, b) => a.position.x - b.position.x || a.position.y - b.position.y);
  return sorted.flatMap((node): Parameter[] => {
    if (node.kind === "input") {
      const { choices, input } = node.settings;
      return [
        {
          key: node.title,
          label: node.title,
          type: typeof input === "string" ? input : "text",
          value: node.settings["value"],
          choices: input === "choice" && Array.isArray(choices) ? choices : [],
        },
      ];
    }
    return node.ports.settings.map((setting) => ({
      key: `${node.title}.${setting.name}`,
      label: `${node.title} · ${setting.name}`,
      type: setting.type,
      value: Object.hasOwn(node.settings, setting.name) ? node.settings[setting.name] : setting.default,
      choices: setting.choices,
    }));
  });
}

const NUMBERS: Readonly<Record<string, (value: unknown) => boolean>> = { int: Number.isSafeInteger, float: Number.isFinite, number: Number.isFinite };

/** What was typed as the parameter's value; undefined when it is none. Text stays text, numbers are numbers, all else is JSON. */
export function readParameter({ value, type, choices }: Parameter, text: string): unknown {
  const choice = choices.find((other) => String(other) === text);
  if (choice !== undefined) return choice;
  if (typeof value === "string" || type === "str" || type === "text" || type === "file") return text;
  try {
    const read: unknown = JSON.parse(text);
    return NUMBERS[type]?.(read) === false ? undefined : read;
  } catch {
    return undefined;
  }
}
