import { BookOpenText, CircleAlert, Package, TriangleAlert, Users } from "lucide-react";

import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { toldPlainly, toldVenv } from "@/shared/i18n/told";
import { useLive } from "@/shared/live/liveStore";
import { useMayEdit } from "@/shared/project/projectStore";
import { Menu, type MenuItems } from "@/shared/ui/Menu";
import { notify } from "@/shared/ui/toasts";
import { useCursor } from "@/shared/workspace/cursor";
import { showBottom, showLeft, useWorkspace } from "@/shared/workspace/workspace";
import type { LanguageServerHealth, LanguageServerState, VenvState } from "@/wire/generated";

import { restartServer } from "./statusApi";
import { StatusButton, StatusText, type StatusTone } from "./StatusItem";

const SERVER_STATES = {
  stopped: ["statusbar.server.stopped", "plain"],
  starting: ["statusbar.server.starting", "info"],
  ready: ["statusbar.server.ready", "plain"],
  restarting: ["statusbar.server.restarting", "warn"],
  gave_up: ["statusbar.server.gave_up", "bad"],
} as const satisfies Record<LanguageServerState, readonly [string, StatusTone]>;

const ORDER: readonly LanguageServerState[] = ["gave_up", "restarting", "starting", "ready", "stopped"];

/** The language servers in one word, the worst of them; each is told, and restarted, in the menu. */
export function ServersStatus({ projectId }: { projectId: string }) {
  const servers = useLive((state) => state.servers);
  const mayEdit = useMayEdit();
  const all = [...servers.values()];
  const state = ORDER.find((one) => all.some((server) => server.state === one));
  if (state === undefined) return null;
  const [words, tone] = SERVER_STATES[state];
  const restart = ({ kind }: LanguageServerHealth) => {
    restartServer(projectId, kind).catch((error: unknown) => notify({ kind: "error", message: messageOf(error) }));
  };
  const items: MenuItems = [
    ...(state === "stopped" ? [{ label: t("statusbar.serversAsleep"), disabled: true, onSelect: () => undefined }, "-" as const] : []),
    ...all.map((server) => ({
      label: t("statusbar.restartServer", { name: server.kind, state: t(SERVER_STATES[server.state][0]) }),
      disabled: !mayEdit,
      onSelect: () => restart(server),
    })),
  ];
  const title = all.map((server) => `${server.kind}: ${t(SERVER_STATES[server.state][0])} ${toldPlainly(server.message)}`.trim()).join("\n");
  return (
    <Menu
      items={items}
      note={title}
      trigger={
        <StatusButton tone={tone} icon={<BookOpenText size={12} aria-hidden />} title={title} data-servers={state}>
          {t("statusbar.servers", { state: t(words) })}
        </StatusButton>
      }
    />
  );
}

const VENV_STATES = {
  not_started: ["statusbar.venv.not_started", "plain"],
  creating: ["statusbar.venv.creating", "info"],
  installing: ["statusbar.venv.installing", "info"],
  completed: ["statusbar.venv.completed", "plain"],
  failed: ["statusbar.venv.failed", "bad"],
} as const satisfies Record<VenvState, readonly [string, StatusTone]>;

/** What was asked for last is not there; all else is. */
const NOT_INSTALLED = ["statusbar.venv.notInstalled", "warn"] as const;

export function EnvironmentStatus() {
  const venv = useLive((state) => state.venv);
  if (venv === null) return null;
  const [words, tone] = venv.status === "failed" && venv.usable ? NOT_INSTALLED : VENV_STATES[venv.status];
  return (
    <StatusButton tone={tone} icon={<Package size={12} aria-hidden />} hint={venv.message === "" ? venv.python : toldVenv(venv.message)} data-venv={venv.status} onClick={() => showLeft("packages")}>
      {t(words, { percent: Math.round(venv.progress * 100) })}
    </StatusButton>
  );
}

export function ProblemsStatus() {
  const problems = useWorkspace((state) => state.problems);
  const all = [...problems.values()].flat();
  const errors = all.filter(({ severity }) => severity === "error").length;
  const warnings = all.filter(({ severity }) => severity === "warning").length;
  const label = t("statusbar.problems", { errors, warnings });
  return (
    <StatusButton tone={errors > 0 ? "bad" : "plain"} onClick={() => showBottom("problems")} data-problems={errors}>
      <span className="sr-only">{label}</span>
      <span aria-hidden className="flex items-center gap-1">
        <CircleAlert size={12} /> {errors}
        <TriangleAlert size={12} /> {warnings}
      </span>
    </StatusButton>
  );
}

export function PeopleStatus() {
  const people = useLive((state) => state.people);
  if (people.length < 2) return null;
  const names = people.map((person) => person["name"] ?? "").join(", ");
  return (
    <Menu
      align="end"
      items={[]}
      note={people.map((person) => person["name"] ?? "").join("\n")}
      trigger={
        <StatusButton icon={<Users size={12} aria-hidden />} title={names}>
          {t("statusbar.people", { count: people.length })}
          <span className="sr-only">: {names}</span>
        </StatusButton>
      }
    />
  );
}

export function CursorStatus() {
  const cursor = useCursor((state) => state.cursor);
  if (cursor === null) return null;
  const place = t("statusbar.cursor", { line: cursor.line, column: cursor.column });
  const selected = cursor.selected === 0 ? "" : ` ${t("statusbar.selected", { count: cursor.selected })}`;
  return (
    <StatusText>
      <span className="tabular">
        {place}
        {selected}
      </span>
      <span>{cursor.language}</span>
    </StatusText>
  );
}
