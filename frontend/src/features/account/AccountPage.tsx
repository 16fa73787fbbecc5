import { t } from "@/shared/i18n/i18n";
import type { Me } from "@/wire/people";
import { PasswordSection } from "./PasswordSection";
import { Sessions } from "./Sessions";
import { Tokens } from "./Tokens";

export function AccountPage({ me }: { me: Me }) {
  return (
    <div className="mx-auto flex w-full max-w-3xl flex-col gap-4">
      <div>
        <h1 className="text-2xl font-semibold tracking-tight">{t("account.title")}</h1>
        <p className="mt-1 text-muted">
          {me.name} · {me.login} · {t(`account.role.${me.role}`)}
        </p>
      </div>
      <Sessions />
      <Tokens />
      <PasswordSection login={me.login} hasPassword={me.hasPassword} />
    </div>
  );
}
