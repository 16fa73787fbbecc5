import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { refusalOf } from "@/shared/api/refusal";
import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";
import { FormProblem } from "@/shared/ui/FormProblem";
import { Select, TextField } from "@/shared/ui/fields";
import { formText } from "@/shared/ui/formText";
import type { Role } from "@/wire/people";
import { addPerson, peopleQuery, type NewPerson } from "./adminApi";
import { roleOf, roleOptions } from "./roles";

const FIELDS = ["login", "name", "password"] as const;

export function AddPersonDialog({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const [role, setRole] = useState<Role>("student");
  const [nameless, setNameless] = useState(false);
  const add = useMutation({
    mutationFn: (person: NewPerson) => addPerson(person),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: peopleQuery.queryKey });
      onClose();
    },
  });
  const refusal = refusalOf(add.error, FIELDS);
  function submit(event: SubmitEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = (name: string) => formText(form, name);
    const login = given("login").trim();
    setNameless(login === "");
    if (login !== "") add.mutate({ login, name: given("name").trim(), role, password: given("password") || null });
  }
  return (
    <Dialog open title={t("admin.addPerson")} onClose={onClose}>
      <form noValidate onSubmit={submit} className="grid gap-4 sm:grid-cols-2">
        <TextField label={t("admin.login")} name="login" autoFocus autoComplete="off" autoCapitalize="none" spellCheck={false} maxLength={254} error={nameless ? t("admin.loginNeeded") : refusal.fields.login} />
        <TextField label={t("admin.name")} name="name" autoComplete="off" maxLength={120} hint={t("admin.nameOptional")} error={refusal.fields.name} />
        <Select label={t("admin.role")} value={role} options={roleOptions()} onChange={(event) => setRole(roleOf(event.target.value))} />
        <TextField label={t("admin.password")} name="password" type="password" autoComplete="new-password" maxLength={1024} hint={t("admin.passwordOptional")} error={refusal.fields.password} />
        <div className="sm:col-span-2">
          <FormProblem message={refusal.form} />
        </div>
        <div className="flex justify-end gap-2 sm:col-span-2">
          <Button tone="ghost" onClick={onClose}>
            {t("app.cancel")}
          </Button>
          <Button tone="primary" type="submit" disabled={add.isPending}>
            {t("admin.add")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
