import { useMutation, useQuery } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { useRef, useState, type ReactNode, type SubmitEvent } from "react";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { signInWaysQuery } from "@/shared/me/me";
import { Button } from "@/shared/ui/Button";
import { FormProblem } from "@/shared/ui/FormProblem";
import { TextField } from "@/shared/ui/fields";
import { formText } from "@/shared/ui/formText";
import { Loading } from "@/shared/ui/states";
import { signIn } from "./accountApi";
import { FormPage } from "./FormPage";
import { oidcHref, oidcProblem } from "./oidc";

interface Props {
  /** A path of this site. */
  next: string;
  /** Code with which the identity provider's sign-in came back; empty for none. */
  error: string;
  actions: ReactNode;
  /** Shown instead where there are no accounts. */
  local: ReactNode;
}

function PasswordForm({ next }: { next: string }) {
  const [missing, setMissing] = useState<{ login?: string; password?: string }>({});
  const password = useRef<HTMLInputElement>(null);
  const attempt = useMutation({
    mutationFn: (given: { login: string; password: string }) => signIn(given.login, given.password),
    // Loaded anew: nothing of who was signed in before stays in the page.
    onSuccess: () => window.location.assign(next),
    onError: () => password.current?.select(),
  });
  function submit(event: SubmitEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const given = { login: formText(form, "login").trim(), password: formText(form, "password") };
    const gaps = {
      ...(given.login === "" ? { login: t("account.loginNeeded") } : {}),
      ...(given.password === "" ? { password: t("account.passwordNeeded") } : {}),
    };
    setMissing(gaps);
    if (Object.keys(gaps).length === 0) attempt.mutate(given);
  }
  return (
    <form noValidate onSubmit={submit} className="flex flex-col gap-3.5">
      <TextField label={t("account.login")} name="login" autoComplete="username" autoCapitalize="none" spellCheck={false} autoFocus error={missing.login} />
      <TextField ref={password} label={t("account.password")} name="password" type="password" autoComplete="current-password" error={missing.password} />
      <FormProblem message={attempt.isError ? messageOf(attempt.error) : ""} />
      <Button type="submit" tone="primary" disabled={attempt.isPending || attempt.isSuccess}>
        {attempt.isPending ? t("account.signingIn") : t("account.signIn")}
      </Button>
    </form>
  );
}

export function SignInPage({ next, error, actions, local }: Props) {
  const ways = useQuery(signInWaysQuery);
  if (ways.isPending) return <Loading label={t("app.loading")} />;
  if (ways.data?.mode === "local") return local;
  return (
    <FormPage title={t("account.signInTo")} actions={actions}>
      <FormProblem message={ways.isError ? messageOf(ways.error) : oidcProblem(error)} />
      {ways.data?.oidc !== undefined && ways.data.oidc !== "" && (
        <>
          <a
            href={oidcHref(ways.data.oidcUrl, next)}
            className="flex h-9 items-center justify-center gap-2 rounded-md border border-line-strong bg-raised font-medium hover:bg-hover"
          >
            <KeyRound size={15} aria-hidden />
            {t("account.oidc", { name: ways.data.oidc })}
          </a>
          {ways.data.password && (
            <div className="flex items-center gap-3 text-xs text-faint before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line">
              {t("account.or")}
            </div>
          )}
        </>
      )}
      {ways.data?.password !== false && <PasswordForm next={next} />}
      {ways.data?.registration === "open" && (
        <p className="text-center text-xs text-muted">
          {t("account.noAccount")}{" "}
          <a href="/join" className="text-accent-text underline">
            {t("account.createOne")}
          </a>
        </p>
      )}
    </FormPage>
  );
}
