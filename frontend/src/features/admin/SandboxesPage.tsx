import { useQuery } from "@tanstack/react-query";
import { Eye, Gauge } from "lucide-react";
import { useState } from "react";
import { messageOf } from "@/shared/api/request";
import { look } from "@/shared/courses/looks";
import { t } from "@/shared/i18n/i18n";
import { toldSandbox } from "@/shared/i18n/told";
import { Button } from "@/shared/ui/Button";
import { ConfirmDialog } from "@/shared/ui/ConfirmDialog";
import { FormProblem } from "@/shared/ui/FormProblem";
import { Select } from "@/shared/ui/fields";
import { byteSize, relativeTime } from "@/shared/ui/relativeTime";
import { SandboxBadge } from "@/shared/ui/SandboxBadge";
import { Loading } from "@/shared/ui/states";
import { useDeed } from "@/shared/ui/useDeed";
import type { Me, SandboxInfo } from "@/wire/people";
import { sandboxesQuery, stopSandbox } from "./adminApi";
import { matching } from "@/shared/ui/matching";
import { LimitsDialog } from "./LimitsDialog";
import { Named } from "./Named";
import { isAlive, totalsOf } from "./sandboxList";
import { SearchField } from "@/shared/ui/SearchField";
import { CELL, Table, WIDE_CELL } from "@/shared/ui/Table";

const SHOWN = 200;

function Figure({ label, value }: { label: string; value: string }) {
  return (
    <div className="rounded-lg border border-line bg-panel px-3.5 py-2">
      <dt className="text-xs text-muted">{label}</dt>
      <dd className="text-lg font-semibold tabular-nums">{value}</dd>
    </div>
  );
}

function Summary({ sandboxes }: { sandboxes: readonly SandboxInfo[] }) {
  const totals = totalsOf(sandboxes);
  return (
    <dl className="flex flex-wrap gap-2">
      {totals.states.map(([state, count]) => (
        <Figure key={state} label={t(`projects.state.${state}`)} value={String(count)} />
      ))}
      <Figure label={t("admin.totalMemory")} value={byteSize(totals.memory)} />
      <Figure label={t("admin.totalCpu")} value={totals.cpu.toFixed(1)} />
    </dl>
  );
}

function Amount({ value, limit }: { value: string; limit?: string }) {
  return (
    <>
      {value}
      {limit !== undefined && <span className="text-xs text-faint"> {t("admin.ofLimit", { limit })}</span>}
    </>
  );
}

interface RowProps {
  sandbox: SandboxInfo;
  onLook: () => void;
  onLimits: () => void;
  onStop: () => void;
}

function SandboxRow({ sandbox, onLook, onLimits, onStop }: RowProps) {
  const { usage } = sandbox;
  const name = sandbox.projectName || sandbox.projectId;
  const number = `${CELL} text-right whitespace-nowrap tabular-nums`;
  return (
    <tr>
      <td className={`${CELL} max-w-52 font-medium wrap-anywhere`}>
        <Named name={sandbox.projectName} id={sandbox.projectId} />
      </td>
      <td className={`${CELL} max-w-40 wrap-anywhere text-muted`}>{sandbox.ownerName}</td>
      <td className={`${CELL} max-w-72`}>
        <SandboxBadge state={sandbox.state} />
        {sandbox.queuePosition !== null && <span className="ml-2 text-xs text-muted">{t("admin.queue", { place: sandbox.queuePosition })}</span>}
        {sandbox.busy.length > 0 && <p className="text-xs wrap-anywhere text-muted">{t("admin.busy", { what: sandbox.busy.join(", ") })}</p>}
        {sandbox.message !== "" ? <p className="text-xs text-muted">{toldSandbox(sandbox)}</p> : <p className="font-mono text-2xs text-muted empty:hidden">{sandbox.reason}</p>}
      </td>
      <td className={`${CELL} ${WIDE_CELL} whitespace-nowrap text-muted`}>{isAlive(sandbox.state) && sandbox.startedAt > 0 ? relativeTime(sandbox.startedAt) : "—"}</td>
      <td className={number}>{usage === null || usage.memory_limit === 0 ? "—" : <Amount value={byteSize(usage.memory)} limit={byteSize(sandbox.memoryLimit)} />}</td>
      <td className={number}>{usage === null || usage.cpu_limit === 0 ? "—" : <Amount value={usage.cpu.toFixed(2)} limit={String(sandbox.cpus)} />}</td>
      <td className={`${number} ${WIDE_CELL}`}>
        {usage === null || usage.disk_limit === 0 ? "—" : <Amount value={byteSize(usage.disk)} limit={byteSize(usage.disk_limit)} />}
      </td>
      <td className={`${number} ${WIDE_CELL}`}>
        {sandbox.sent + sandbox.received === 0 ? "—" : t("admin.traffic", { sent: byteSize(sandbox.sent), received: byteSize(sandbox.received) })}
      </td>
      <td className={`${CELL} text-right`}>
        <span className="flex justify-end gap-1">
          <Button small icon={<Eye size={13} />} aria-label={t("admin.lookAt", { name })} onClick={onLook}>
            {t("admin.look")}
          </Button>
          {isAlive(sandbox.state) && (
            <>
              <Button small icon={<Gauge size={13} />} aria-label={t("admin.limitsOf", { name })} onClick={onLimits}>
                {t("admin.limits")}
              </Button>
              <Button small aria-label={t("admin.stopOf", { name })} onClick={onStop}>
                {t("admin.stop")}
              </Button>
            </>
          )}
        </span>
      </td>
    </tr>
  );
}

/** The sandboxes of everybody, with what they use now. */
export function SandboxesPage({ me, onProject }: { me: Me; onProject: (projectId: string) => void }) {
  const sandboxes = useQuery(sandboxesQuery);
  const deed = useDeed(sandboxesQuery.queryKey);
  const [query, setQuery] = useState("");
  const [state, setState] = useState("");
  const [stopping, setStopping] = useState<SandboxInfo | null>(null);
  const [limiting, setLimiting] = useState<SandboxInfo | null>(null);
  // One's own is simply opened; a look at another's is told to its people.
  const lookAt = ({ projectId, ownerId }: SandboxInfo) =>
    deed.run(async () => {
      if (ownerId !== me.id) await look(projectId);
      onProject(projectId);
    });
  const all = sandboxes.data ?? [];
  const inState = all.filter((sandbox) => state === "" || sandbox.state === state);
  const found = matching(inState, query, (sandbox) => `${sandbox.projectName} ${sandbox.projectId} ${sandbox.ownerName}`);
  const states = totalsOf(all).states.map(([value]) => ({ value, label: t(`projects.state.${value}`) }));
  return (
    <div className="flex flex-col gap-3">
      {all.length > 0 && <Summary sandboxes={all} />}
      <div className="flex flex-wrap gap-2">
        <SearchField label={t("admin.searchSandboxes")} value={query} onChange={setQuery} />
        <div className="w-44">
          <Select
            hideLabel
            label={t("admin.state")}
            value={state}
            options={[{ value: "", label: t("admin.allStates") }, ...states]}
            onChange={(event) => setState(event.target.value)}
          />
        </div>
      </div>
      {sandboxes.isPending && <Loading label={t("app.loading")} />}
      <FormProblem message={sandboxes.isError ? messageOf(sandboxes.error) : ""} />
      {sandboxes.isSuccess && found.length === 0 && (
        <p className="p-6 text-center text-muted">{all.length === 0 ? t("admin.noSandboxes") : t("admin.noMatch")}</p>
      )}
      {found.length > 0 && (
        <Table
          label={t("admin.sandboxes")}
          note={`${t("admin.look")}: ${t("admin.lookHint")}\n${t("admin.network")}: ${t("admin.trafficHint")}`}
          columns={[
            { title: t("admin.project") },
            { title: t("admin.owner") },
            { title: t("admin.state") },
            { title: t("admin.age"), wide: true },
            { title: t("admin.memory"), right: true },
            { title: t("admin.cpu"), right: true },
            { title: t("admin.disk"), right: true, wide: true },
            { title: t("admin.network"), right: true, wide: true },
            { title: t("admin.actions"), hidden: true },
          ]}
        >
          {found.slice(0, SHOWN).map((sandbox) => (
            <SandboxRow
              key={sandbox.projectId}
              sandbox={sandbox}
              onLook={() => lookAt(sandbox)}
              onLimits={() => setLimiting(sandbox)}
              onStop={() => setStopping(sandbox)}
            />
          ))}
        </Table>
      )}
      {found.length > SHOWN && <p className="text-center text-xs text-muted">{t("admin.more", { shown: SHOWN, count: found.length })}</p>}
      {limiting !== null && <LimitsDialog sandbox={limiting} onClose={() => setLimiting(null)} />}
      {stopping !== null && (
        <ConfirmDialog
          title={t("admin.stopTitle", { name: stopping.projectName || stopping.projectId })}
          description={t("admin.stopHint")}
          action={t("admin.stop")}
          onClose={() => setStopping(null)}
          onConfirm={() => deed.run(() => stopSandbox(stopping.projectId))}
        />
      )}
    </div>
  );
}
