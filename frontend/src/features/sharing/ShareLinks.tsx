import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link2, X } from "lucide-react";
import { useId, useState } from "react";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { wholeLink } from "@/shared/me/linkSecret";
import { Button, IconButton } from "@/shared/ui/Button";
import { FormProblem } from "@/shared/ui/FormProblem";
import { Select } from "@/shared/ui/fields";
import { OneTimeSecret } from "@/shared/ui/OneTimeSecret";
import { relativeTime } from "@/shared/ui/relativeTime";
import { useDeed } from "@/shared/ui/useDeed";
import type { GivenShare, ShareLinkInfo } from "@/wire/people";
import { givenShare, roleOptions } from "./roles";
import { createLink, revokeLink, sharesQuery } from "./sharingApi";

const DAYS = ["1", "7", "30"] as const;

/** Links that give a share until they end. */
export function ShareLinks({ projectId, links }: { projectId: string; links: readonly ShareLinkInfo[] }) {
  const heading = useId();
  const queries = useQueryClient();
  const [share, setShare] = useState<GivenShare>("viewer");
  const [days, setDays] = useState<(typeof DAYS)[number]>("7");
  const deed = useDeed(sharesQuery(projectId).queryKey);
  const create = useMutation({
    mutationFn: () => createLink(projectId, share, Number(days)),
    onSettled: () => queries.invalidateQueries({ queryKey: sharesQuery(projectId).queryKey }),
  });
  return (
    <section aria-labelledby={heading} className="border-t border-line pt-4">
      <h2 id={heading} className="font-semibold">
        {t("sharing.links")}
      </h2>
      <p className="mt-0.5 mb-3 text-xs text-muted">{t("sharing.linksHint")}</p>
      <div className="flex items-end gap-2">
        <div className="w-32">
          <Select label={t("sharing.may")} value={share} options={roleOptions()} onChange={(event) => setShare(givenShare(event.target.value))} />
        </div>
        <div className="w-32">
          <Select
            label={t("sharing.linkLasts")}
            value={days}
            options={DAYS.map((value) => ({ value, label: t(`sharing.lasts.${value}`) }))}
            onChange={(event) => setDays(DAYS.find((value) => value === event.target.value) ?? "7")}
          />
        </div>
        <Button icon={<Link2 size={15} />} disabled={create.isPending} onClick={() => create.mutate()}>
          {t("sharing.createLink")}
        </Button>
      </div>
      <div className="mt-3 flex flex-col gap-3 empty:hidden">
        <FormProblem message={create.isError ? messageOf(create.error) : ""} />
        {create.data !== undefined && (
          <OneTimeSecret key={create.data.id} label={t("sharing.newLink")} hint={t("sharing.newLinkOnce")} secret={wholeLink(create.data.url)} />
        )}
      </div>
      <ul className="divide-y divide-line">
        {links.map((link) => (
          <li key={link.id} className="flex items-center gap-2 py-1.5 text-sm">
            <Link2 size={15} aria-hidden className="shrink-0 text-faint" />
            <span className="min-w-0 flex-1">
              {t("sharing.linkGives", { role: t(`sharing.role.${link.share}`) })}
              <span className="text-muted"> · {t("sharing.linkEnds", { when: relativeTime(link.expiresAt) })}</span>
            </span>
            <IconButton
              label={t("sharing.revokeLink")}
              icon={<X size={15} />}
              disabled={deed.busy}
              onClick={() => {
                if (create.data?.id === link.id) create.reset();
                deed.run(() => revokeLink(projectId, link.id));
              }}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}
