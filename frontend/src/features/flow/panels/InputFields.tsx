import { t } from "@/shared/i18n/i18n";
import { Select, TextArea } from "@/shared/ui/fields";
import type { Node } from "@/wire/generated";
import { perform } from "../model/history";
import { change } from "../model/steps";
import { useDraft } from "./useDraft";

const KINDS = ["text", "number", "choice", "file"] as const;

/** A value that fits another kind of input. */
export function converted(value: unknown, kind: string, choices: readonly unknown[]): unknown {
  const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
  if (kind === "number") return Number.isFinite(Number(text)) ? Number(text) : 0;
  if (kind === "choice") return choices.includes(value) ? value : (choices[0] ?? "");
  return text;
}

export function InputKindField({ node }: { node: Node }) {
  const kind = node.settings["input"];
  const stored = node.settings["choices"];
  const choices: unknown[] = Array.isArray(stored) ? stored : [];
  return (
    <Select
      label={t("flow.inputKind")}
      value={typeof kind === "string" ? kind : "text"}
      options={KINDS.map((name) => ({ value: name, label: t(`flow.item.${name}`) }))}
      onChange={(event) => {
        const input = event.target.value;
        const value = converted(node.settings["value"], input, choices);
        perform(change(node, { settings: { ...node.settings, input, value } }));
      }}
    />
  );
}

export function ChoicesField({ node }: { node: Node }) {
  const stored = node.settings["choices"];
  const choices = Array.isArray(stored) ? stored.map(String) : [];
  const draft = useDraft(choices.join("\n"), (text) => {
    const next = text.split("\n").map((line) => line.trim()).filter(Boolean);
    const value = converted(node.settings["value"], "choice", next);
    perform(change(node, { settings: { ...node.settings, choices: next, value } }));
  });
  return <TextArea label={t("flow.choices")} hint={t("flow.choicesHint")} rows={3} {...draft} />;
}
