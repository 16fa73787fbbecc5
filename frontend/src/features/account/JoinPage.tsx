import { useMutation, useQuery } from "@tanstack/react-query";
import { UserRoundX } from "lucide-react";
import { useState, type ReactNode, type SubmitEvent } from "react";
import { refusalOf } from "@/shared/api/refusal";
import { t } from "@/shared/i18n/i18n";
import { signInWaysQuery } from "@/shared/me/me";
import { Button } from "@/shared/ui/Button";
import { FormProblem } from "@/shared/ui/FormProblem";
import { TextField } from "@/shared/ui/fields";
import { formText } from "@/shared/ui/formText";
import { EmptyState, Loading } from "@/shared/ui/states";
import { register, type Registration } from "./accountApi";
import { FormPage } from "./FormPage";
import { passwordProblems } from "./passwordProblems";

const FIELDS = ["login", "name", "password", "again"] as const;
type Problems = Readonly<Partial<Record<(typeof FIELDS)[number], string>>>;

function RegistrationForm({ invitation }: { invitation: string }) {
  const [problems, setProblems] = useState<Problems>({});
  const attempt = useMutation({
    mutationFn: (registration: Registration) => register(registration),
    onSuccess: () => window.location.assign("/"),
  });
  const refusal = refusalOf(attempt.error, FIELDS);
  const shown: Problems = { ...refusal.fields, ...problems };
  function submit(event: SubmitEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = (name: string) => formText(form, name);
    const login = given("login").trim();
    const found = {
      ...(login === "" ? { login: t("account.loginNeeded") } : {}),
      ...passwordProblems(given("password"), given("again")),
    };
    setProblems(found);
    attempt.reset();
    if (Object.keys(found).length > 0) return;
    attempt.mutate({ login, name: given("name").trim(), password: given("password"), invitation });
  }
  return (
    <form noValidate onSubmit={submit} className="flex flex-col gap-3.5">
      <TextField label={t("account.login")} name="login" autoComplete="username" autoCapitalize="none" spellCheck={false} maxLength={254} autoFocus error={shown.login} />
      <TextField label={t("account.name")} name="name" autoComplete="name" maxLength={120} hint={t("account.nameHint")} error={shown.name} />
      <TextField label={t("account.password")} name="password" type="password" autoComplete="new-password" maxLength={1024} hint={t("account.passwordHint")} error={shown.password} />
      <TextField label={t("account.passwordAgain")} name="again" type="password" autoComplete="new-password" maxLength={1024} error={shown.again} />
      <FormProblem message={refusal.form} />
      <Button type="submit" tone="primary" disabled={attempt.isPending || attempt.isSuccess}>
        {t("account.create")}
      </Button>
    </form>
  );
}

/** Making an account: by the secret of an invitation, or without one where registration is open. */
export function JoinPage({ invitation, actions }: { invitation: string; actions: ReactNode }) {
  const ways = useQuery(signInWaysQuery);
  if (ways.isPending) return <Loading label={t("app.loading")} />;
  const registration = ways.data?.registration ?? "closed";
  const possible = registration === "open" || (registration === "invite" && invitation !== "");
  return (
    <FormPage title={t("account.join")} actions={actions} {...(invitation === "" ? {} : { hint: t("account.joinInvited") })}>
      {possible ? (
        <RegistrationForm invitation={invitation} />
      ) : (
        <EmptyState icon={<UserRoundX size={26} />} title={t("account.joinClosed")}>
          {t("account.joinClosedHint")}
        </EmptyState>
      )}
      <p className="text-center text-xs text-muted">
        {t("account.haveAccount")}{" "}
        <a href="/sign-in" className="text-accent-text underline">
          {t("account.signIn")}
        </a>
      </p>
    </FormPage>
  );
}
