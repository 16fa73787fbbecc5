import { useMutation } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { refusalOf } from "@/shared/api/refusal";
import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";
import { FormProblem } from "@/shared/ui/FormProblem";
import { Select, TextArea, TextField } from "@/shared/ui/fields";
import { notify } from "@/shared/ui/toasts";
import { AMOUNTS, EGRESS_MODES, type Allowance, type AllowanceSet, type Amount } from "@/wire/allowances";
import { readAmount, readHosts, shownAmount, UNITS } from "./amounts";

const FIELDS = [...AMOUNTS, "egress", "hosts"] as const;

/** The allowance as the API takes it. */
export type AllowanceBody = Record<string, number | string | readonly string[] | null>;

interface Props {
  allowance: Allowance;
  /** What holds where nothing is said; null: nothing is known of that. */
  otherwise: Allowance | null;
  /** Whether the subject is people: of them alone it can be said how many projects they may have. */
  aboutPeople: boolean;
  /** It shows what was saved a moment ago: its button has the focus, as before. */
  again?: boolean;
  onSave: (body: AllowanceBody) => Promise<AllowanceSet>;
  onSaved: (saved: AllowanceSet) => void;
}

function hintOf(name: Amount, otherwise: Allowance | null): string {
  const { zero } = UNITS[name];
  const value = otherwise?.amounts[name] ?? null;
  if (value === null) return zero ? t("allowance.zero") : "";
  if (value === 0 && zero) return t("allowance.otherwiseNoLimit");
  return t("allowance.otherwise", { value: shownAmount(name, value) });
}

function labelOf(name: Amount): string {
  const { unit } = UNITS[name];
  if (unit === "") return t(`allowance.${name}`);
  return `${t(`allowance.${name}`)} (${unit === "cores" ? t("allowance.cores") : unit})`;
}

/** What is said of a subject: every field may be left empty, and then more general subjects say it. */
export function AllowanceForm({ allowance, otherwise, aboutPeople, again = false, onSave, onSaved }: Props) {
  const shown = aboutPeople ? AMOUNTS : AMOUNTS.filter((name) => name !== "projects");
  const [amounts, setAmounts] = useState(() => Object.fromEntries(AMOUNTS.map((name) => [name, shownAmount(name, allowance.amounts[name])])));
  const [egress, setEgress] = useState<string>(allowance.egress ?? "");
  const [hosts, setHosts] = useState(allowance.hosts.join("\n"));
  const [wrong, setWrong] = useState<readonly string[]>([]);
  const save = useMutation({
    mutationFn: onSave,
    onSuccess: (saved) => {
      const later = saved.atNextStart.length;
      notify({ kind: "ok", message: later === 0 ? t("allowance.saved") : t("allowance.savedLater", { count: later }) });
      onSaved(saved);
    },
  });
  const refusal = refusalOf(save.error, FIELDS);
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const read = shown.map((name) => [name, readAmount(name, amounts[name] ?? "")] as const);
    const bad = read.filter(([, value]) => value === undefined).map(([name]) => name);
    setWrong(bad);
    if (bad.length > 0) return;
    save.mutate({ ...Object.fromEntries(read.map(([name, value]) => [name, value ?? null])), egress: egress === "" ? null : egress, hosts: readHosts(hosts) });
  }
  return (
    <form noValidate onSubmit={submit} className="flex flex-col gap-4">
      <div className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
        {shown.map((name) => (
          <TextField
            key={name}
            label={labelOf(name)}
            hint={hintOf(name, otherwise)}
            inputMode="decimal"
            autoComplete="off"
            value={amounts[name] ?? ""}
            error={wrong.includes(name) ? t("allowance.wrong") : refusal.fields[name]}
            onChange={(event) => setAmounts({ ...amounts, [name]: event.target.value })}
          />
        ))}
      </div>
      <Select
        label={t("allowance.egress")}
        value={egress}
        error={refusal.fields.egress}
        options={[
          { value: "", label: t("allowance.unsaid") },
          ...EGRESS_MODES.map((mode) => ({ value: mode, label: t(`egress.mode.${mode}`) })),
        ]}
        onChange={(event) => setEgress(event.target.value)}
      />
      <TextArea
        label={t("egress.hosts")}
        hint={t("allowance.hostsHint")}
        rows={3}
        spellCheck={false}
        autoCapitalize="none"
        className="font-mono text-xs"
        value={hosts}
        error={refusal.fields.hosts}
        onChange={(event) => setHosts(event.target.value)}
      />
      <FormProblem message={refusal.form} />
      <Button type="submit" tone="primary" className="self-start" autoFocus={again} disabled={save.isPending}>
        {t("allowance.save")}
      </Button>
    </form>
  );
}
