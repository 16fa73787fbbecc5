import { useState, type SubmitEvent } from "react";
import { refusalOf } from "@/shared/api/refusal";
import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";
import { FormProblem } from "@/shared/ui/FormProblem";
import { Select, TextField } from "@/shared/ui/fields";
import { OneTimeSecret } from "@/shared/ui/OneTimeSecret";
import { SCOPES, type Scope } from "@/wire/people";

export interface WantedToken {
  name: string;
  scope: Scope;
  /** Null: it never ends. */
  days: number | null;
}

interface Props {
  busy: boolean;
  error: unknown;
  /** Empty until the token was made. */
  secret: string;
  onCreate: (wanted: WantedToken) => void;
  onClose: () => void;
}

const EXPIRIES = ["7", "30", "90", "365", "never"] as const;
const FIELDS = ["name", "expires_in_sec"] as const;

function TokenForm({ busy, error, onCreate, onClose }: Omit<Props, "secret">) {
  const [name, setName] = useState("");
  const [scope, setScope] = useState<Scope>("edit");
  const [expiry, setExpiry] = useState<(typeof EXPIRIES)[number]>("90");
  const [nameless, setNameless] = useState(false);
  const refusal = refusalOf(error, FIELDS);
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const wanted = name.trim();
    setNameless(wanted === "");
    if (wanted !== "") onCreate({ name: wanted, scope, days: expiry === "never" ? null : Number(expiry) });
  }
  return (
    <form noValidate onSubmit={submit} className="flex flex-col gap-4">
      <TextField
        label={t("account.tokenName")}
        value={name}
        maxLength={120}
        autoFocus
        error={nameless ? t("account.tokenNameNeeded") : refusal.fields.name}
        onChange={(event) => setName(event.target.value)}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <Select
          label={t("account.tokenScope")}
          value={scope}
          options={SCOPES.map((value) => ({ value, label: t(`account.scope.${value}`) }))}
          onChange={(event) => setScope(SCOPES.find((value) => value === event.target.value) ?? "read")}
        />
        <Select
          label={t("account.tokenExpiry")}
          value={expiry}
          error={refusal.fields.expires_in_sec}
          options={EXPIRIES.map((value) => ({ value, label: t(`account.expiry.${value}`) }))}
          onChange={(event) => setExpiry(EXPIRIES.find((value) => value === event.target.value) ?? "90")}
        />
      </div>
      <FormProblem message={refusal.form} />
      <div className="flex justify-end gap-2">
        <Button tone="ghost" onClick={onClose}>
          {t("app.cancel")}
        </Button>
        <Button tone="primary" type="submit" disabled={busy}>
          {t("account.createToken")}
        </Button>
      </div>
    </form>
  );
}

/** Asks what a new token is for; then shows its secret, this once. */
export function NewTokenDialog({ secret, ...form }: Props) {
  return (
    <Dialog open title={t("account.newToken")} onClose={form.onClose}>
      {secret === "" ? (
        <TokenForm {...form} />
      ) : (
        <div className="flex flex-col gap-4">
          <OneTimeSecret label={t("account.tokenSecret")} hint={t("account.tokenOnce")} secret={secret} />
          <Button tone="primary" className="self-end" onClick={form.onClose}>
            {t("account.tokenDone")}
          </Button>
        </div>
      )}
    </Dialog>
  );
}
