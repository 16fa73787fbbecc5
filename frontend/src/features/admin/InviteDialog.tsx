import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Mail, X } from "lucide-react";
import { useState } from "react";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { wholeLink } from "@/shared/me/linkSecret";
import { signInWaysQuery } from "@/shared/me/me";
import { Button, IconButton } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";
import { FormProblem } from "@/shared/ui/FormProblem";
import { Select } from "@/shared/ui/fields";
import { OneTimeSecret } from "@/shared/ui/OneTimeSecret";
import { relativeTime } from "@/shared/ui/relativeTime";
import { useDeed } from "@/shared/ui/useDeed";
import type { InvitationInfo, Role } from "@/wire/people";
import { invitationsQuery, invite, revokeInvitation } from "./adminApi";
import { roleOf, roleOptions } from "./roles";

const DAYS = ["1", "7", "30"] as const;
const USES = ["1", "30", "0"] as const;

function NewInvitation() {
  const queries = useQueryClient();
  const [role, setRole] = useState<Role>("student");
  const [days, setDays] = useState<(typeof DAYS)[number]>("7");
  const [uses, setUses] = useState<(typeof USES)[number]>("1");
  const create = useMutation({
    mutationFn: () => invite(role, Number(days), Number(uses)),
    onSettled: () => queries.invalidateQueries({ queryKey: invitationsQuery.queryKey }),
  });
  return (
    <div className="flex flex-col gap-3">
      <div className="grid items-end gap-3 sm:grid-cols-[1fr_1fr_1fr_auto]">
        <Select autoFocus label={t("admin.role")} value={role} options={roleOptions()} onChange={(event) => setRole(roleOf(event.target.value))} />
        <Select
          label={t("admin.inviteFor")}
          value={uses}
          options={USES.map((value) => ({ value, label: t(`admin.uses.${value}`) }))}
          onChange={(event) => setUses(USES.find((value) => value === event.target.value) ?? "1")}
        />
        <Select
          label={t("admin.inviteLasts")}
          value={days}
          options={DAYS.map((value) => ({ value, label: t(`admin.lasts.${value}`) }))}
          onChange={(event) => setDays(DAYS.find((value) => value === event.target.value) ?? "7")}
        />
        <Button tone="primary" icon={<Mail size={15} />} disabled={create.isPending} onClick={() => create.mutate()}>
          {t("admin.createInvitation")}
        </Button>
      </div>
      <FormProblem message={create.isError ? messageOf(create.error) : ""} />
      {create.data !== undefined && (
        <OneTimeSecret key={create.data.id} label={t("admin.invitationLink")} hint={t("admin.invitationOnce")} secret={wholeLink(create.data.url)} />
      )}
    </div>
  );
}

function used({ uses, maxUses }: InvitationInfo): string {
  return maxUses === 0 ? t("admin.invitationUsedAny", { uses }) : t("admin.invitationUsed", { uses, most: maxUses });
}

function OpenInvitations() {
  const invitations = useQuery(invitationsQuery);
  const deed = useDeed(invitationsQuery.queryKey);
  if (invitations.data === undefined || invitations.data.length === 0) return null;
  return (
    <section className="border-t border-line pt-4">
      <h2 className="font-semibold">{t("admin.invitations")}</h2>
      <ul className="divide-y divide-line">
        {invitations.data.map((invitation) => (
          <li key={invitation.id} className="flex items-center gap-2 py-1.5">
            <div className="min-w-0 flex-1">
              <span className="font-medium">{t(`admin.role.${invitation.role}`)}</span>
              <span className="text-muted">
                {["", used(invitation), t("admin.invitationEnds", { when: relativeTime(invitation.expiresAt) }), t("admin.invitationBy", { name: invitation.createdBy })].join(" · ")}
              </span>
            </div>
            <IconButton
              label={t("admin.revokeInvitation")}
              icon={<X size={15} />}
              disabled={deed.busy}
              onClick={() => deed.run(() => revokeInvitation(invitation.id))}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Makes links by which people make their own account, and lists those that can still be used. */
export function InviteDialog({ onClose }: { onClose: () => void }) {
  const ways = useQuery(signInWaysQuery);
  return (
    <Dialog open title={t("admin.invite")} description={t("admin.inviteHint")} onClose={onClose}>
      <div className="flex flex-col gap-5">
        {ways.data?.registration === "closed" ? <p className="text-muted">{t("admin.inviteClosed")}</p> : <NewInvitation />}
        <OpenInvitations />
      </div>
    </Dialog>
  );
}
