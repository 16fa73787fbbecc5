import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { refusalOf } from "@/shared/api/refusal";
import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";
import { FormProblem } from "@/shared/ui/FormProblem";
import { TextField } from "@/shared/ui/fields";
import { notify } from "@/shared/ui/toasts";
import type { PersonInfo } from "@/wire/people";
import { changePerson, peopleQuery } from "./adminApi";

const FIELDS = ["password"] as const;

export function PasswordDialog({ person, onClose }: { person: PersonInfo; onClose: () => void }) {
  const queries = useQueryClient();
  const [password, setPassword] = useState("");
  const set = useMutation({
    mutationFn: () => changePerson(person.id, { password }),
    onSuccess: () => {
      notify({ kind: "ok", message: t("admin.passwordIsSet", { name: person.name }) });
      void queries.invalidateQueries({ queryKey: peopleQuery.queryKey });
      onClose();
    },
  });
  const refusal = refusalOf(set.error, FIELDS);
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    set.mutate();
  }
  return (
    <Dialog open width="sm" title={t("admin.passwordFor", { name: person.name })} description={t("admin.passwordEnds")} onClose={onClose}>
      <form noValidate onSubmit={submit} className="flex flex-col gap-4">
        <TextField
          label={t("admin.password")}
          type="password"
          autoComplete="new-password"
          autoFocus
          maxLength={1024}
          value={password}
          hint={t("admin.passwordHint")}
          error={refusal.fields.password}
          onChange={(event) => setPassword(event.target.value)}
        />
        <FormProblem message={refusal.form} />
        <div className="flex justify-end gap-2">
          <Button tone="ghost" onClick={onClose}>
            {t("app.cancel")}
          </Button>
          <Button tone="primary" type="submit" disabled={set.isPending}>
            {t("admin.set")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
