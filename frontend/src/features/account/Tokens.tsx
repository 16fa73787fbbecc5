import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";
import { ConfirmDialog } from "@/shared/ui/ConfirmDialog";
import { FormProblem } from "@/shared/ui/FormProblem";
import { relativeTime } from "@/shared/ui/relativeTime";
import { useDeed } from "@/shared/ui/useDeed";
import type { TokenInfo } from "@/wire/people";
import { createToken, revokeToken, tokensQuery } from "./accountApi";
import { NewTokenDialog, type WantedToken } from "./NewTokenDialog";
import { Section } from "./Section";

function ending(token: TokenInfo): string {
  if (token.expiresAt === null) return t("account.tokenNeverEnds");
  if (token.expiresAt * 1000 <= Date.now()) return t("account.tokenOver");
  return t("account.tokenEnds", { when: relativeTime(token.expiresAt) });
}

function TokenRow({ token, onRevoke }: { token: TokenInfo; onRevoke: () => void }) {
  return (
    <li className="flex items-center gap-3 py-2.5">
      <KeyRound size={16} aria-hidden className="shrink-0 text-faint" />
      <div className="min-w-0 flex-1">
        <p className="font-medium wrap-anywhere">{token.name}</p>
        <p className="text-xs text-muted">
          {[
            t(`account.scope.${token.scope}`),
            token.usedAt === null ? t("account.tokenUnused") : t("account.tokenUsed", { when: relativeTime(token.usedAt) }),
            ending(token),
          ].join(" · ")}
        </p>
      </div>
      <Button small aria-label={t("account.revokeToken", { name: token.name })} onClick={onRevoke}>
        {t("account.revoke")}
      </Button>
    </li>
  );
}

export function Tokens() {
  const queries = useQueryClient();
  const tokens = useQuery(tokensQuery);
  const deed = useDeed(tokensQuery.queryKey);
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<TokenInfo | null>(null);
  const create = useMutation({
    mutationFn: (wanted: WantedToken) => createToken(wanted.name, wanted.scope, wanted.days),
    onSettled: () => queries.invalidateQueries({ queryKey: tokensQuery.queryKey }),
  });
  return (
    <Section
      title={t("account.tokens")}
      hint={t("account.tokensHint")}
      action={
        <Button small icon={<Plus size={14} />} onClick={() => setCreating(true)}>
          {t("account.newToken")}
        </Button>
      }
    >
      <FormProblem message={tokens.isError ? messageOf(tokens.error) : ""} />
      {tokens.data?.length === 0 && <p className="text-sm text-faint">{t("account.noTokens")}</p>}
      <ul className="divide-y divide-line">
        {tokens.data?.map((token) => <TokenRow key={token.id} token={token} onRevoke={() => setRevoking(token)} />)}
      </ul>
      {creating && (
        <NewTokenDialog
          busy={create.isPending}
          error={create.error}
          secret={create.data?.token ?? ""}
          onCreate={(wanted) => create.mutate(wanted)}
          onClose={() => {
            setCreating(false);
            // The secret does not outlive the dialog.
            create.reset();
          }}
        />
      )}
      {revoking !== null && (
        <ConfirmDialog
          title={t("account.revokeToken", { name: revoking.name })}
          description={t("account.revokeTokenHint")}
          action={t("account.revoke")}
          onClose={() => setRevoking(null)}
          onConfirm={() => deed.run(() => revokeToken(revoking.id))}
        />
      )}
    </Section>
  );
}
