import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Eye } from "lucide-react";
import { looksQuery } from "@/shared/courses/looks";
import { t } from "@/shared/i18n/i18n";
import { useAccount } from "@/shared/me/me";
import { useProject } from "@/shared/project/projectStore";
import { useEvent } from "@/shared/session/session";
import { Menu } from "@/shared/ui/Menu";
import { dateAndTime } from "@/shared/ui/localTime";
import { useNow } from "@/shared/ui/useNow";
import { StatusButton } from "./StatusItem";

const SHOWN = 10;

/** Who looked at the project without owning a share in it. Its people see it; who looks need not be told. */
export function LooksStatus({ projectId }: { projectId: string }) {
  const account = useAccount();
  const looker = useProject((state) => state.share === "viewer");
  const queries = useQueryClient();
  const query = looksQuery(projectId);
  const looks = useQuery({ ...query, enabled: account !== undefined && !looker && projectId !== "" });
  const now = useNow(30_000) / 1000;
  useEvent("looked_at", () => void queries.invalidateQueries({ queryKey: query.queryKey }));
  const all = looks.data ?? [];
  const last = all[0];
  if (last === undefined) return null;
  const on = last.until > now;
  return (
    <Menu
      align="end"
      note={t("statusbar.looksHint")}
      items={all.slice(0, SHOWN).map(({ name, at }) => ({
        label: t("statusbar.lookedBy", { name, time: dateAndTime(at) }),
        icon: <Eye size={13} />,
        onSelect: () => undefined,
      }))}
      trigger={
        <StatusButton tone={on ? "info" : "plain"} icon={<Eye size={12} aria-hidden />} data-looks={all.length} title={t("statusbar.looksHint")}>
          {on ? t("statusbar.looksNow", { name: last.name }) : t("statusbar.lookedBy", { name: last.name, time: dateAndTime(last.at) })}
        </StatusButton>
      }
    />
  );
}
