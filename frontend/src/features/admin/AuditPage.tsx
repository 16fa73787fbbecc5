import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useState } from "react";
import { messageOf } from "@/shared/api/request";
import { hasText, t } from "@/shared/i18n/i18n";
import { locale } from "@/shared/i18n/locale";
import { Button } from "@/shared/ui/Button";
import { FormProblem } from "@/shared/ui/FormProblem";
import { Select, TextField } from "@/shared/ui/fields";
import { Loading } from "@/shared/ui/states";
import type { AuditLine } from "@/wire/people";
import { auditExportPath, auditLog, peopleQuery } from "./adminApi";
import { ACTION_GROUPS, detailLine, EVERYTHING, type AuditFilter } from "./auditFilter";
import { Named } from "./Named";
import { CELL, Table, WIDE_CELL } from "@/shared/ui/Table";

function Filters({ filter, onChange }: { filter: AuditFilter; onChange: (filter: AuditFilter) => void }) {
  const people = useQuery(peopleQuery);
  const who = (people.data ?? []).map((person) => ({ value: person.id, label: person.login === person.name ? person.name : `${person.name} (${person.login})` }));
  const set = (part: Partial<AuditFilter>) => onChange({ ...filter, ...part });
  return (
    <div className="flex flex-wrap items-end gap-2">
      <div className="w-56">
        <Select label={t("admin.who")} value={filter.actor} options={[{ value: "", label: t("admin.anybody") }, ...who]} onChange={(event) => set({ actor: event.target.value })} />
      </div>
      <div className="w-44">
        <Select
          label={t("admin.what")}
          value={filter.action}
          options={[{ value: "", label: t("admin.anything") }, ...ACTION_GROUPS.map((value) => ({ value, label: t(`admin.group.${value}`) }))]}
          onChange={(event) => set({ action: event.target.value })}
        />
      </div>
      <div className="w-40">
        <TextField label={t("admin.since")} type="date" value={filter.since} onChange={(event) => set({ since: event.target.value })} />
      </div>
      <div className="w-40">
        <TextField label={t("admin.until")} type="date" value={filter.until} onChange={(event) => set({ until: event.target.value })} />
      </div>
      <span className="flex-1" />
      <a
        href={auditExportPath(filter)}
        download="audit.csv"
        className="inline-flex h-8 items-center gap-1.5 rounded-md border border-line-strong bg-raised px-3 text-sm hover:bg-hover"
      >
        <Download size={15} aria-hidden />
        {t("admin.export")}
      </a>
    </div>
  );
}

function EntryRow({ entry }: { entry: AuditLine }) {
  const at = new Date(entry.at * 1000);
  const detail = detailLine(entry.detail);
  const named = `audit.${entry.action}`;
  return (
    <tr>
      <td className={`${CELL} whitespace-nowrap text-muted tabular-nums`}>
        <time dateTime={at.toISOString()}>{at.toLocaleString(locale())}</time>
      </td>
      <td className={`${CELL} max-w-48 wrap-anywhere`}>
        {entry.actor === "" ? <span className="text-muted">{t("admin.system")}</span> : <Named name={entry.actorName} id={entry.actor} />}
      </td>
      <td className={CELL}>
        {hasText(named) ? <Named name={t(named)} id={entry.action} /> : <span className="font-mono text-xs">{entry.action}</span>}
      </td>
      <td className={`${CELL} max-w-48 wrap-anywhere`}>
        <Named name={entry.projectName} id={entry.projectId} />
      </td>
      <td className={`${CELL} ${WIDE_CELL} font-mono text-xs whitespace-nowrap text-muted`}>{entry.address}</td>
      <td className={`${CELL} max-w-72 font-mono text-xs wrap-anywhere text-muted`}>
        {detail}
      </td>
    </tr>
  );
}

/** What happened, newest first, with filters and an export of what they leave. */
export function AuditPage() {
  const [filter, setFilter] = useState(EVERYTHING);
  const log = useInfiniteQuery(auditLog(filter));
  const entries = log.data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <div className="flex flex-col gap-3">
      <Filters filter={filter} onChange={setFilter} />
      {log.isPending && <Loading label={t("app.loading")} />}
      <FormProblem message={log.isError ? messageOf(log.error) : ""} />
      {log.isSuccess && entries.length === 0 && <p className="p-6 text-center text-muted">{t("admin.noEntries")}</p>}
      {entries.length > 0 && (
        <Table
          label={t("admin.audit")}
          columns={[
            { title: t("admin.when") },
            { title: t("admin.who") },
            { title: t("admin.what") },
            { title: t("admin.project") },
            { title: t("admin.address"), wide: true },
            { title: t("admin.detail") },
          ]}
        >
          {entries.map((entry) => (
            <EntryRow key={entry.id} entry={entry} />
          ))}
        </Table>
      )}
      {log.hasNextPage && (
        <Button className="self-center" disabled={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
          {t("admin.loadMore")}
        </Button>
      )}
    </div>
  );
}
