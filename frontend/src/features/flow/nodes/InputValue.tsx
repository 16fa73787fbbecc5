import { useState } from "react";
import { t } from "@/shared/i18n/i18n";
import { Select, TextField } from "@/shared/ui/fields";
import type { Node } from "@/wire/generated";
import { perform } from "../model/history";
import { change } from "../model/steps";

function save(node: Node, value: unknown): void {
  if (value === node.settings["value"]) return;
  perform(change(node, { settings: { ...node.settings, value } }, `value ${node.id}`));
}

function choicesOf(node: Node): string[] {
  const choices = node.settings["choices"];
  return Array.isArray(choices) ? choices.map(String) : [];
}

/** The value of an input node, as a field: saved when the field is left, or with Enter. */
export function InputValue({ node, hideLabel = false }: { node: Node; hideLabel?: boolean }) {
  const kind = node.settings["input"];
  const value = node.settings["value"];
  const shown = typeof value === "string" || typeof value === "number" ? String(value) : "";
  const [draft, setDraft] = useState<string | null>(null);
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
  const number = kind === "number";
  const commit = () => {
    if (draft === null) return;
    setDraft(null);
    if (!number) save(node, draft);
    else if (draft.trim() !== "" && Number.isFinite(Number(draft))) save(node, Number(draft));
  };
  return (
    <TextField
      label={kind === "file" ? t("flow.filePath") : t("flow.value")}
      hideLabel={hideLabel}
      inputMode={number ? "decimal" : "text"}
      value={draft ?? shown}
      placeholder={kind === "file" ? t("flow.filePathHint") : ""}
      error={number && draft !== null && !Number.isFinite(Number(draft)) ? t("flow.notANumber") : ""}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === "Enter") commit();
        if (event.key === "Escape") setDraft(null);
      }}
    />
  );
}
