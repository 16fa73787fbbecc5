import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { refusalOf } from "@/shared/api/refusal";
import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";
import { FormProblem } from "@/shared/ui/FormProblem";
import { TextField } from "@/shared/ui/fields";
import type { SandboxInfo } from "@/wire/people";
import { changeLimits, sandboxesQuery } from "./adminApi";

const MIB = 1024 * 1024;
const FIELDS = ["memory", "cpus"] as const;

function positive(text: string): number | null {
  const value = Number(text.trim().replace(",", "."));
  return text.trim() !== "" && Number.isFinite(value) && value > 0 ? value : null;
}

/** Gives a sandbox more or less memory and CPU while it runs. */
export function LimitsDialog({ sandbox, onClose }: { sandbox: SandboxInfo; onClose: () => void }) {
  const queries = useQueryClient();
  const [memory, setMemory] = useState(String(Math.round(sandbox.memoryLimit / MIB)));
  const [cpus, setCpus] = useState(String(sandbox.cpus));
  const [wrong, setWrong] = useState<{ memory?: string; cpus?: string }>({});
  const change = useMutation({
    mutationFn: (limits: { memory: number; cpus: number }) => changeLimits(sandbox.projectId, limits),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: sandboxesQuery.queryKey });
      onClose();
    },
  });
  const refusal = refusalOf(change.error, FIELDS);
  const problems = { ...refusal.fields, ...wrong };
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const wanted = { memory: positive(memory), cpus: positive(cpus) };
    setWrong({
      ...(wanted.memory === null ? { memory: t("admin.limitWrong") } : {}),
      ...(wanted.cpus === null ? { cpus: t("admin.limitWrong") } : {}),
    });
    if (wanted.memory !== null && wanted.cpus !== null) change.mutate({ memory: Math.round(wanted.memory * MIB), cpus: wanted.cpus });
  }
  return (
    <Dialog open width="sm" title={t("admin.limitsOf", { name: sandbox.projectName || sandbox.projectId })} description={t("admin.limitsHint")} onClose={onClose}>
      <form noValidate onSubmit={submit} className="grid gap-4 sm:grid-cols-2">
        <TextField label={t("admin.limitMemory")} inputMode="numeric" autoFocus value={memory} error={problems.memory} onChange={(event) => setMemory(event.target.value)} />
        <TextField label={t("admin.limitCpus")} inputMode="decimal" value={cpus} error={problems.cpus} onChange={(event) => setCpus(event.target.value)} />
        <div className="sm:col-span-2">
          <FormProblem message={refusal.form} />
        </div>
        <div className="flex justify-end gap-2 sm:col-span-2">
          <Button tone="ghost" onClick={onClose}>
            {t("app.cancel")}
          </Button>
          <Button tone="primary" type="submit" disabled={change.isPending}>
            {t("admin.set")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
