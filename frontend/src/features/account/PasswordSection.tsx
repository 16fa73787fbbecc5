import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState, type SubmitEvent } from "react";
import { refusalOf } from "@/shared/api/refusal";
import { t } from "@/shared/i18n/i18n";
import { meQuery } from "@/shared/me/me";
import { Button } from "@/shared/ui/Button";
import { FormProblem } from "@/shared/ui/FormProblem";
import { TextField } from "@/shared/ui/fields";
import { formText } from "@/shared/ui/formText";
import { notify } from "@/shared/ui/toasts";
import { changePassword, sessionsQuery } from "./accountApi";
import { passwordProblems } from "./passwordProblems";
import { Section } from "./Section";

const FIELDS = ["old_password", "password", "again"] as const;

export function PasswordSection({ login, hasPassword }: { login: string; hasPassword: boolean }) {
  const queries = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const [problems, setProblems] = useState<Readonly<Partial<Record<(typeof FIELDS)[number], string>>>>({});
  const change = useMutation({
    mutationFn: (given: { old: string; password: string }) => changePassword(given.old, given.password),
    onSuccess: () => {
      form.current?.reset();
      notify({ kind: "ok", message: t("account.passwordChanged") });
      void queries.invalidateQueries({ queryKey: sessionsQuery.queryKey });
      void queries.invalidateQueries({ queryKey: meQuery.queryKey });
    },
  });
  const refusal = refusalOf(change.error, FIELDS);
  const shown = { ...refusal.fields, ...problems };
  function submit(event: SubmitEvent<HTMLFormElement>): void {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const old = formText(data, "old");
    const password = formText(data, "password");
    const found = {
      ...(old === "" ? { old_password: t("account.passwordNeeded") } : {}),
      ...passwordProblems(password, formText(data, "again")),
    };
    setProblems(found);
    change.reset();
    if (Object.keys(found).length === 0) change.mutate({ old, password });
  }
  if (!hasPassword) return <Section title={t("account.changePassword")} hint={t("account.noPasswordHint")} />;
  return (
    <Section title={t("account.changePassword")} hint={t("account.passwordChangeHint")}>
      <form ref={form} noValidate onSubmit={submit} className="flex flex-col gap-3.5">
        <input type="text" hidden readOnly name="username" autoComplete="username" value={login} />
        <TextField label={t("account.oldPassword")} name="old" type="password" autoComplete="current-password" error={shown.old_password} />
        <div className="grid gap-3.5 sm:grid-cols-2">
          <TextField label={t("account.newPassword")} name="password" type="password" autoComplete="new-password" maxLength={1024} hint={t("account.passwordHint")} error={shown.password} />
          <TextField label={t("account.passwordAgain")} name="again" type="password" autoComplete="new-password" maxLength={1024} error={shown.again} />
        </div>
        <FormProblem message={refusal.form} />
        <Button type="submit" className="self-start" disabled={change.isPending}>
          {t("account.setPassword")}
        </Button>
      </form>
    </Section>
  );
}
