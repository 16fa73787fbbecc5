import { LogOut, ShieldCheck, UserRound } from "lucide-react";
import { useState } from "react";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { useAccount } from "@/shared/me/me";
import { hasDrafts } from "@/shared/preferences/draftStorage";
import { ConfirmDialog } from "@/shared/ui/ConfirmDialog";
import { Menu, type MenuItem } from "@/shared/ui/Menu";
import { notify } from "@/shared/ui/toasts";
import { signOut } from "./accountApi";
import { initials } from "./initials";

interface Props {
  onAccount: () => void;
  onAdministration: () => void;
}

/** The person's avatar, and what they can do about themselves. Nothing in local mode, which has no accounts. */
export function AccountMenu({ onAccount, onAdministration }: Props) {
  const me = useAccount();
  const [asking, setAsking] = useState(false);
  if (me === undefined) return null;
  const administration: MenuItem[] =
    me.role === "admin"
      ? [{ label: t("account.administration"), icon: <ShieldCheck size={14} />, onSelect: onAdministration }]
      : [];
  const leave = () => void signOut().catch((error: unknown) => notify({ kind: "error", message: messageOf(error) }));
  // What is typed is saved within moments: only what the server did not take is left, and goes with the sign-out.
  const leaveOrAsk = () => (hasDrafts() ? setAsking(true) : leave());
  return (
    <>
      {asking && (
        <ConfirmDialog
          title={t("account.signOutUnsaved")}
          description={t("account.signOutUnsavedHint")}
          action={t("account.signOutAnyway")}
          onClose={() => setAsking(false)}
          onConfirm={leave}
        />
      )}
      <Menu
        align="end"
        note={me.name}
        trigger={
          <button
            type="button"
            className="ml-0.5 flex size-7 shrink-0 items-center justify-center rounded-full border border-line-strong bg-accent-soft text-2xs font-semibold text-accent-text select-none hover:border-accent"
          >
            <span aria-hidden>{initials(me.name)}</span>
              <span className="sr-only">{t("account.menu", { name: me.name })}</span>
          </button>
        }
        items={[
          { label: t("account.settings"), icon: <UserRound size={14} />, onSelect: onAccount },
          ...administration,
          "-",
          { label: t("account.signOut"), icon: <LogOut size={14} />, onSelect: leaveOrAsk },
        ]}
      />
    </>
  );
}
