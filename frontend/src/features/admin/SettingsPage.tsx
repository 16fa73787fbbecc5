import { useQuery } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { useState } from "react";
import { messageOf } from "@/shared/api/request";
import { isKorean, t } from "@/shared/i18n/i18n";
import { FormProblem } from "@/shared/ui/FormProblem";
import { matching } from "@/shared/ui/matching";
import { SearchField } from "@/shared/ui/SearchField";
import { Loading } from "@/shared/ui/states";
import { CELL, Table } from "@/shared/ui/Table";
import type { SettingInForce } from "@/wire/people";
import { settingsQuery } from "./adminApi";

function Value({ setting }: { setting: SettingInForce }) {
  if (setting.value === "") return <span className="text-faint">{t("admin.settingEmpty")}</span>;
  if (!setting.secret) return <code className="font-mono text-xs break-all">{setting.value}</code>;
  return (
    <span className="inline-flex items-center gap-1 text-muted">
      <KeyRound size={13} aria-hidden />
      {t("admin.settingSecret")}
    </span>
  );
}

/** What settings mean, in the reader's language; the server writes it in English. */
function useDescriptions(): (english: string) => string {
  const { data } = useQuery({
    queryKey: ["setting-descriptions"],
    queryFn: async () => (await import("@/shared/i18n/ko/settingDescriptions")).settingDescriptions,
    enabled: isKorean(),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (english) => (isKorean() ? (data?.[english] ?? english) : english);
}

function SettingRow({ setting, description }: { setting: SettingInForce; description: string }) {
  const set = setting.source !== "default";
  return (
    <tr>
      <th scope="row" className={`${CELL} w-96 min-w-72 text-left align-top font-normal`}>
        <code className="font-mono text-xs font-medium break-all">{setting.name}</code>
        <p className="mt-0.5 text-xs text-muted">{description}</p>
      </th>
      <td className={`${CELL} align-top`}>
        <Value setting={setting} />
        {!setting.enforced && <p className="mt-0.5 text-xs text-warn">{t("admin.settingUnenforced")}</p>}
      </td>
      <td className={`${CELL} align-top font-mono text-xs break-all text-muted`}>{setting.default}</td>
      <td className={`${CELL} align-top whitespace-nowrap`}>
        <span className={`rounded-sm px-1.5 py-0.5 text-xs font-medium ${set ? "bg-info-soft text-info" : "text-muted"}`}>{t(`admin.source.${setting.source}`)}</span>
      </td>
    </tr>
  );
}

/** Every setting as it is in force, and where it comes from. They are changed where the server is started. */
export function SettingsPage() {
  const settings = useQuery(settingsQuery);
  const [query, setQuery] = useState("");
  const [changedOnly, setChangedOnly] = useState(false);
  const described = useDescriptions();
  const chosen = (settings.data ?? []).filter(({ source }) => !changedOnly || source !== "default");
  const found = matching(chosen, query, ({ name, description }) => `${name} ${described(description)}`);
  return (
    <div className="flex flex-col gap-3">
      <p className="text-xs text-muted">{t("admin.settingsHint")}</p>
      <div className="flex flex-wrap items-center gap-3">
        <SearchField label={t("admin.searchSettings")} value={query} onChange={setQuery} />
        <label className="flex h-8 items-center gap-2">
          <input type="checkbox" className="size-4 accent-accent" checked={changedOnly} onChange={(event) => setChangedOnly(event.target.checked)} />
          {t("admin.settingsChanged")}
        </label>
      </div>
      {settings.isPending && <Loading label={t("app.loading")} />}
      <FormProblem message={settings.isError ? messageOf(settings.error) : ""} />
      {settings.isSuccess && found.length === 0 && <p className="p-6 text-center text-muted">{t("admin.noMatch")}</p>}
      {found.length > 0 && (
        <Table
          label={t("admin.settings")}
          columns={[{ title: t("admin.setting") }, { title: t("admin.value") }, { title: t("admin.default") }, { title: t("admin.source") }]}
        >
          {found.map((setting) => (
            <SettingRow key={setting.name} setting={setting} description={described(setting.description)} />
          ))}
        </Table>
      )}
    </div>
  );
}
