import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Globe, X } from "lucide-react";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { useMayEdit, useProject } from "@/shared/project/projectStore";
import { useEvent, useReload } from "@/shared/session/session";
import { Button, IconButton } from "@/shared/ui/Button";
import { Select } from "@/shared/ui/fields";
import { byteSize } from "@/shared/ui/relativeTime";
import { EmptyState, Loading } from "@/shared/ui/states";
import { notify } from "@/shared/ui/toasts";
import { EGRESS_MODES, type ProjectEgress } from "@/wire/allowances";
import { Decisions } from "./Decisions";
import { askForHost, changeEgress, egressQuery, type OwnEgress } from "./egressApi";
import { OwnHosts } from "./OwnHosts";

function useEgress(projectId: string) {
  const client = useQueryClient();
  const options = egressQuery(projectId);
  const query = useQuery(options);
  const again = () => void client.invalidateQueries({ queryKey: options.queryKey });
  useReload(again);
  useEvent("egress_denied", again);
  const change = useMutation({
    mutationFn: (deed: () => Promise<ProjectEgress>) => deed(),
    onSuccess: (egress) => client.setQueryData(options.queryKey, egress),
    onError: (error) => notify({ kind: "error", message: messageOf(error) }),
  });
  return { query, change };
}

function Mode({ egress, busy, onChange }: { egress: ProjectEgress; busy: boolean; onChange: (mode: OwnEgress["mode"]) => void }) {
  const options = [
    { value: "", label: t("egress.mode.inherited") },
    ...egress.modes.map((mode) => ({ value: mode, label: t(`egress.mode.${mode}`) })),
  ];
  return (
    <Select
      label={t("egress.modeLabel")}
      value={egress.ownMode ?? ""}
      options={options}
      disabled={busy}
      onChange={(event) => onChange(EGRESS_MODES.find((mode) => mode === event.target.value) ?? null)}
    />
  );
}

function Asked({ egress, busy, onAllow, onRefuse }: { egress: ProjectEgress; busy: boolean; onAllow: (host: string) => void; onRefuse: (host: string) => void }) {
  if (egress.asked.length === 0) return null;
  return (
    <div className="border-b border-line px-3 py-2">
      <h2 className="text-xs font-medium text-muted">{t("egress.asked")}</h2>
      <ul aria-label={t("egress.asked")} className="mt-1 flex flex-col gap-1">
        {egress.asked.map((host) => (
          <li key={host} className="flex items-center gap-1">
            <code className="min-w-0 flex-1 font-mono text-xs break-all">{host}</code>
            {egress.mayChange && (
              <>
                <Button small disabled={busy} aria-label={t("egress.allowHost", { host })} onClick={() => onAllow(host)}>
                  {t("egress.allow")}
                </Button>
                <IconButton small disabled={busy} label={t("egress.refuseHost", { host })} icon={<X size={13} />} onClick={() => onRefuse(host)} />
              </>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** What the project's sandbox reaches of the network, what it tried lately, and what may be changed about it. */
export function EgressPane() {
  const projectId = useProject((state) => state.id);
  const { query, change } = useEgress(projectId);
  const mayEdit = useMayEdit();
  const egress = query.data;
  if (egress === undefined) {
    return query.isError ? (
      <EmptyState icon={<Globe size={26} />} title={t("egress.loadFailed")}>
        <p className="mb-3">{messageOf(query.error)}</p>
        <Button onClick={() => void query.refetch()}>{t("app.tryAgain")}</Button>
      </EmptyState>
    ) : (
      <Loading label={t("egress.loading")} />
    );
  }
  const busy = change.isPending;
  const say = (own: Partial<OwnEgress>) => change.mutate(() => changeEgress(projectId, { hosts: egress.ownHosts, mode: egress.ownMode, ...own }));
  // A host that is named in a smaller mode would not be reached.
  const allow = (host: string) =>
    say({ hosts: [...new Set([...egress.ownHosts, host])], ...(egress.mode === "packages" || egress.mode === "none" ? { mode: "hosts" } : {}) });
  const ask = (host: string) => change.mutate(() => askForHost(projectId, host));
  const action = egress.mayChange
    ? { label: t("egress.allow"), name: (host: string) => t("egress.allowHost", { host }), run: allow }
    : { label: t("egress.ask"), name: (host: string) => t("egress.askForHost", { host }), run: ask };
  return (
    <section aria-label={t("egress.title")} data-scope="egress" className="flex h-full min-h-0 flex-col overflow-y-auto">
      <div className="flex flex-col gap-2 border-b border-line px-3 py-2">
        <p className="font-medium">{egress.inExam ? t("egress.inExam") : t(`egress.reaches.${egress.mode}`)}</p>
        {egress.mode !== "none" && egress.packages.length > 0 && <p className="text-xs wrap-anywhere text-muted">{t("egress.packages", { hosts: egress.packages.join(", ") })}</p>}
        <p className="text-xs text-muted tabular-nums">
          {t("egress.bytes", { sent: byteSize(egress.sent), received: byteSize(egress.received) })}
          {egress.bytesPerSec > 0 && ` ${t("egress.rate", { rate: byteSize(egress.bytesPerSec) })}`}
        </p>
        {egress.mayChange ? (
          <Mode egress={egress} busy={busy} onChange={(mode) => say({ mode })} />
        ) : (
          !egress.inExam && <p className="text-xs text-muted">{t("egress.mayNot")}</p>
        )}
        {egress.inExam && <p className="text-xs text-muted">{egress.mayChange ? t("egress.afterExam") : t("egress.mayNotInExam")}</p>}
      </div>
      <Asked egress={egress} busy={busy} onAllow={allow} onRefuse={(host) => say({ refused: [host] })} />
      {(egress.mayChange || (mayEdit && !egress.inExam)) && (
        <div className="border-b border-line">
          <OwnHosts
            egress={egress}
            busy={busy}
            onAdd={egress.mayChange ? allow : ask}
            onRemove={(host) => say({ hosts: egress.ownHosts.filter((each) => each !== host) })}
          />
        </div>
      )}
      <h2 className="px-3 pt-2 text-xs font-medium text-muted">{t("egress.recent")}</h2>
      {egress.recent === null && <p className="px-3 py-2 text-xs text-muted">{t("egress.unreadable")}</p>}
      {egress.recent?.length === 0 && <p className="px-3 py-2 text-xs text-muted">{t("egress.nothingYet")}</p>}
      {egress.recent !== null && egress.recent.length > 0 && (
        <Decisions
          decisions={egress.recent}
          settled={new Set([...egress.hosts, ...egress.asked])}
          action={egress.mayChange || mayEdit ? action : null}
          busy={busy || egress.inExam}
        />
      )}
    </section>
  );
}
