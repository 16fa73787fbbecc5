import { useState, type SubmitEvent } from "react";
import { t } from "@/shared/i18n/i18n";
import { useProject } from "@/shared/project/projectStore";
import { runFlow } from "@/shared/runs/runActions";
import { Button } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";
import { Select, TextField } from "@/shared/ui/fields";
import { EmptyState } from "@/shared/ui/states";
import type { Node } from "@/wire/generated";
import { parameters, readParameter, type Parameter } from "./parameters";

function Field({ parameter, text, wrong, onChange }: { parameter: Parameter; text: string; wrong: boolean; onChange: (text: string) => void }) {
  if (parameter.choices.length > 0) {
    return (
      <Select
        label={parameter.label}
        value={text}
        options={parameter.choices.map((choice) => ({ value: String(choice), label: String(choice) }))}
        onChange={(event) => onChange(event.target.value)}
      />
    );
  }
  return (
    <TextField
      label={parameter.label}
      hint={parameter.type}
      value={text}
      error={wrong ? t("runs.params.wrong") : ""}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

function shownText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}

/** Values for one run, without changing the flow: of the input nodes, and of the settings. */
export function ParamsDialog({ onClose }: { onClose: () => void }) {
  const nodes = useProject((state) => state.nodes);
  const [list] = useState(() => parameters([...nodes.values()].filter((node: Node) => node.kind !== "note")));
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>({});
  const read = list.flatMap((parameter) => {
    const text = texts[parameter.key];
    return text === undefined ? [] : [{ key: parameter.key, value: readParameter(parameter, text) }];
  });
  const wrong = new Set(read.filter(({ value }) => value === undefined).map(({ key }) => key));
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (wrong.size > 0) return;
    void runFlow({ params: Object.fromEntries(read.map(({ key, value }) => [key, value])) });
    onClose();
  };
  return (
    <Dialog open onClose={onClose} title={t("runs.params.title")} description={t("runs.params.hint")}>
      <form onSubmit={submit} className="flex flex-col gap-3">
        {list.length === 0 && <EmptyState title={t("runs.params.none")} />}
        {list.map((parameter) => (
          <Field
            key={parameter.key}
            parameter={parameter}
            wrong={wrong.has(parameter.key)}
            text={texts[parameter.key] ?? shownText(parameter.value)}
            onChange={(text) => setTexts({ ...texts, [parameter.key]: text })}
          />
        ))}
        <div className="flex justify-end gap-2">
          <Button tone="ghost" onClick={onClose}>
            {t("app.cancel")}
          </Button>
          <Button tone="primary" type="submit" disabled={wrong.size > 0}>
            {t("runs.runAll")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
