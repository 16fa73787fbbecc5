import { RotateCcw } from "lucide-react";
import { useState } from "react";
import { t } from "@/shared/i18n/i18n";
import { IconButton } from "@/shared/ui/Button";
import { Select, TextField } from "@/shared/ui/fields";
import type { Node, Setting } from "@/wire/generated";
import { perform } from "../model/history";
import { readSetting, settingKind, settingText, type SettingKind } from "../model/settingValue";
import { change } from "../model/steps";
import { useDraft } from "./useDraft";

function store(node: Node, name: string, value: unknown): void {
  perform(change(node, { settings: { ...node.settings, [name]: value } }, `setting ${node.id} ${name}`));
}

function reset(node: Node, name: string): void {
  const settings = Object.fromEntries(Object.entries(node.settings).filter(([key]) => key !== name));
  perform(change(node, { settings }));
}

function TypedField({ node, setting, kind, value }: { node: Node; setting: Setting; kind: SettingKind; value: unknown }) {
  const save = (text: string) => {
    const read = readSetting(kind, text);
    if (read.ok) store(node, setting.name, read.value);
  };
  const problemOf = (text: string) => {
    const read = readSetting(kind, text);
    return read.ok ? "" : t(read.problem);
  };
  const draft = useDraft(settingText(kind, value), save, problemOf);
  return (
    <TextField
      label={setting.name}
      hint={setting.type}
      inputMode={kind === "integer" || kind === "number" ? "decimal" : "text"}
      {...draft}
    />
  );
}

function Field({ node, setting }: { node: Node; setting: Setting }) {
  const kind = settingKind(setting);
  const given = Object.hasOwn(node.settings, setting.name);
  const value = given ? node.settings[setting.name] : setting.default;
  if (kind === "boolean") {
    return (
      <label className="flex h-8 items-center gap-2">
        <input
          type="checkbox"
          className="size-4 accent-accent"
          checked={value === true}
          onChange={(event) => store(node, setting.name, event.target.checked)}
        />
        {setting.name}
      </label>
    );
  }
  if (kind === "choice") {
    return (
      <Select
        label={setting.name}
        value={String(setting.choices.indexOf(value))}
        options={setting.choices.map((choice, index) => ({ value: String(index), label: String(choice) }))}
        onChange={(event) => store(node, setting.name, setting.choices[Number(event.target.value)])}
      />
    );
  }
  return <TypedField node={node} setting={setting} kind={kind} value={value} />;
}

function SettingRow({ node, setting }: { node: Node; setting: Setting }) {
  // Counts resets: with the value goes what was typed and could not be saved.
  const [resets, setResets] = useState(0);
  return (
    <div className="flex items-start gap-1">
      <div className="min-w-0 flex-1">
        <Field key={resets} node={node} setting={setting} />
      </div>
      {Object.hasOwn(node.settings, setting.name) && (
        <IconButton
          small
          label={t("flow.resetSetting", { name: setting.name })}
          icon={<RotateCcw size={12} />}
          onClick={() => {
            reset(node, setting.name);
            setResets(resets + 1);
          }}
        />
      )}
    </div>
  );
}

/** The keyword-only parameters of a node's function. */
export function SettingsForm({ node }: { node: Node }) {
  return (
    <fieldset className="flex flex-col gap-2.5 rounded-lg border border-line p-3">
      <legend className="px-1 text-xs font-semibold text-muted">{t("flow.settings")}</legend>
      {node.ports.settings.map((setting) => (
        <SettingRow key={setting.name} node={node} setting={setting} />
      ))}
    </fieldset>
  );
}
