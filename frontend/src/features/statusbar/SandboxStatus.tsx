import { Box, Coffee, Cpu, Play, RotateCcw } from "lucide-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { toldSandbox } from "@/shared/i18n/told";
import { useLive } from "@/shared/live/liveStore";
import { useMayEdit } from "@/shared/project/projectStore";
import { Menu, type MenuItems } from "@/shared/ui/Menu";
import { byteSize } from "@/shared/ui/relativeTime";
import { notify } from "@/shared/ui/toasts";

import { sandboxState, type SandboxState } from "@/wire/control";
import { clock, nextPause, secondsLeft } from "./countdown";
import { keepAwake, readUsage, restartSandbox, startSandbox } from "./statusApi";
import { StatusButton, StatusText, type StatusTone } from "./StatusItem";

function tell(error: unknown): void {
  notify({ kind: "error", message: messageOf(error) });
}

function tellAwake(): void {
  notify({ kind: "ok", message: t("statusbar.keptAwake") });
}

const STATES = {
  absent: ["statusbar.sandbox.absent", "plain"],
  queued: ["statusbar.sandbox.queued", "info"],
  starting: ["statusbar.sandbox.starting", "info"],
  ready: ["statusbar.sandbox.ready", "ok"],
  pausing: ["statusbar.sandbox.paused", "warn"],
  paused: ["statusbar.sandbox.paused", "warn"],
  resuming: ["statusbar.sandbox.starting", "info"],
  stopping: ["statusbar.sandbox.stopped", "warn"],
  stopped: ["statusbar.sandbox.stopped", "warn"],
  failed: ["statusbar.sandbox.failed", "bad"],
  deleted: ["statusbar.sandbox.deleted", "bad"],
} as const satisfies Record<SandboxState, readonly [string, StatusTone]>;

const RESTS: ReadonlySet<SandboxState> = new Set(["absent", "paused", "stopped", "failed"]);

/** The sandbox's state; its menu starts it anew. */
export function SandboxStatus({ projectId }: { projectId: string }) {
  const sandbox = useLive((state) => state.sandbox);
  const mayEdit = useMayEdit();
  if (sandbox === null) return null;
  const state = sandboxState(sandbox.state);
  const [words, tone] = STATES[state];
  const runs = state === "ready" || state === "paused";
  const items: MenuItems = [
    {
      label: t("statusbar.start"),
      icon: <Play size={13} />,
      disabled: !mayEdit || !RESTS.has(state),
      onSelect: () => void startSandbox(projectId).catch(tell),
    },
    { label: t("statusbar.restart"), icon: <RotateCcw size={13} />, disabled: !mayEdit || !runs, onSelect: () => void restartSandbox(projectId).catch(tell) },
  ];
  const title = sandbox.update_ready ? t("statusbar.updateHint") : toldSandbox(sandbox);
  const queue = sandbox.queue_position === null ? "" : ` ${t("app.queuePlace", { place: sandbox.queue_position })}`;
  return (
    <Menu
      items={items}
      note={title}
      trigger={
        <StatusButton tone={tone} icon={<Box size={12} aria-hidden />} title={title} data-sandbox={state}>
          {t(words)}
          {queue}
          {sandbox.update_ready && <span className="ml-1 text-info">· {t("statusbar.updateReady")}</span>}
        </StatusButton>
      }
    />
  );
}

/** Memory and processor, asked for now and then while somebody can see it. */
export function UsageStatus({ projectId }: { projectId: string }) {
  const ready = useLive((state) => state.sandbox?.state === "ready");
  const { data: usage } = useQuery({
    queryKey: ["usage", projectId],
    queryFn: ({ signal }) => readUsage(projectId, signal),
    enabled: ready && projectId !== "",
    refetchInterval: 5_000,
    retry: false,
  });
  if (!ready || usage === undefined) return null;
  const { memory, memory_limit: memoryLimit, cpu, cpu_limit: cpuLimit } = usage;
  // Without limits the agent knows no figure that is the sandbox's own.
  if (memoryLimit === 0 && cpuLimit === 0) return null;
  const tight = memoryLimit > 0 && memory / memoryLimit > 0.9;
  const label = t("statusbar.usageTitle", { memory: byteSize(memory), limit: byteSize(memoryLimit), cpu: cpu.toFixed(2), cpus: cpuLimit });
  return (
    <Menu
      items={[]}
      note={label}
      trigger={
        <StatusButton tone={tight ? "bad" : "plain"} icon={<Cpu size={12} aria-hidden />} title={label}>
          <span className="sr-only">{label}</span>
          <span aria-hidden>
            {byteSize(memory)} / {byteSize(memoryLimit)} · {Math.round(cpuLimit > 0 ? (cpu / cpuLimit) * 100 : 0)} %
          </span>
        </StatusButton>
      }
    />
  );
}

function useNow(active: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!active) return;
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [active]);
  return now;
}

/** When the sandbox rests because nobody works in it, or why it does not. */
export function IdleStatus({ projectId }: { projectId: string }) {
  const sandbox = useLive((state) => state.sandbox);
  const toldAt = useLive((state) => state.sandboxAt);
  const mayEdit = useMayEdit();
  const awake = sandbox?.state === "ready";
  const counts = awake && (sandbox.pauses_in_sec !== null || sandbox.stops_in_sec !== null);
  // An event is newer than the last tick of the clock.
  const now = Math.max(useNow(counts), toldAt);
  if (!awake) return null;
  if (sandbox.busy.length > 0) {
    const all = sandbox.busy.join("\n");
    const words = t("statusbar.busy", { what: sandbox.busy[0] ?? "" });
    if (sandbox.busy.length === 1) return <StatusText>{words}</StatusText>;
    return <Menu items={[]} note={all} trigger={<StatusButton title={all}>{words} …</StatusButton>} />;
  }
  const pause = nextPause(secondsLeft(sandbox.pauses_in_sec, toldAt, now), secondsLeft(sandbox.stops_in_sec, toldAt, now));
  if (pause === null) return null;
  const words = pause.kind === "pauses" ? "statusbar.pausesIn" : "statusbar.stopsIn";
  return (
    <>
      <StatusText tone={pause.seconds < 60 ? "warn" : "plain"}>
        <span className="tabular">{t(words, { time: clock(pause.seconds) })}</span>
      </StatusText>
      {mayEdit && (
        <StatusButton icon={<Coffee size={12} aria-hidden />} hint={t("statusbar.keepAwakeHint")} onClick={() => void keepAwake(projectId).then(tellAwake, tell)}>
          {t("statusbar.keepAwake")}
        </StatusButton>
      )}
    </>
  );
}
