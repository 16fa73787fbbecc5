import { t } from "@/shared/i18n/i18n";
import { Select, TextField } from "@/shared/ui/fields";
import type { Node } from "@/wire/generated";
import { perform } from "../model/history";
import { readSetting } from "../model/settingValue";
import { change } from "../model/steps";
import { useDraft } from "../panels/useDraft";

function save(node: Node, value: unknown): void {
  if (value === node.settings["value"]) return;
  perform(change(node, { settings: { ...node.settings, value } }, `value ${node.id}`));
}

function choicesOf(node: Node): string[] {
  const choices = node.settings["choices"];
  return Array.isArray(choices) ? choices.map(String) : [];
}

function numberProblem(text: string): string {
  const read = readSetting("number", text);
  return read.ok ? "" : t(read.problem);
}

/** The value of an input node, as a field: saved when the field is left, or with Enter. */
export function InputValue({ node, hideLabel = false }: { node: Node; hideLabel?: boolean }) {
  const kind = node.settings["input"];
  const value = node.settings["value"];
  const shown = typeof value === "string" || typeof value === "number" ? String(value) : "";
  const number = kind === "number";
  const draft = useDraft(shown, (text) => save(node, number ? Number(text) : text), number ? numberProblem : undefined);
  if (kind === "choice") {
    return (
      <Select
        label={t("flow.value")}
        hideLabel={hideLabel}
        value={shown}
        options={choicesOf(node).map((choice) => ({ value: choice, label: choice }))}
        onChange={(event) => save(node, event.target.value)}
      />
    );
  }
  return (
    <TextField
      label={kind === "file" ? t("flow.filePath") : t("flow.value")}
      hideLabel={hideLabel}
      inputMode={number ? "decimal" : "text"}
      placeholder={kind === "file" ? t("flow.filePathHint") : ""}
      {...draft}
    />
  );
}
