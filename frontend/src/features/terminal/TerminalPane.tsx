import { SquareTerminal } from "lucide-react";
import { useCallback, useEffect, useEffectEvent, useRef, useState } from "react";

import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { useCommands } from "@/shared/keyboard/commands";
import { useLive } from "@/shared/live/liveStore";
import { useMayEdit, useProject } from "@/shared/project/projectStore";
import { useReload } from "@/shared/session/session";
import { Button } from "@/shared/ui/Button";
import { EmptyState, Loading } from "@/shared/ui/states";
import { notify } from "@/shared/ui/toasts";
import { showBottom, useWorkspace } from "@/shared/workspace/workspace";

import { closeTerminal, createTerminal, loadTerminals, renameTerminal } from "./terminalApi";
import { TerminalTabs } from "./TerminalTabs";
import { TerminalView } from "./TerminalView";
import type { XtermTerminal } from "./xtermTerminal";

function tell(error: unknown): void {
  notify({ kind: "error", message: messageOf(error) });
}

/** Reads the list of terminals; the events keep it up to date. Tells why it could not be read. */
function useTerminalList(projectId: string): { error: string | null; again: () => void } {
  const [error, setError] = useState<string | null>(null);
  const load = useCallback(() => {
    if (projectId === "") return;
    loadTerminals(projectId).then(
      () => setError(null),
      (reason: unknown) => setError(messageOf(reason)),
    );
  }, [projectId]);
  useEffect(load, [load]);
  useReload(load);
  // A sandbox that was started anew has other terminals, and says nothing of the old ones.
  const sandbox = useLive((state) => state.sandbox?.state);
  useEffect(() => {
    if (sandbox === "ready") load();
  }, [sandbox, load]);
  return { error, again: load };
}

/** The project's terminals. They live in the sandbox: this shows them, and a reload finds them as they were. */
export function TerminalPane() {
  const projectId = useProject((state) => state.id);
  const terminals = useLive((state) => state.terminals);
  const shown = useWorkspace((state) => state.bottom === "terminal");
  const { error, again } = useTerminalList(projectId);
  const [wanted, setWanted] = useState<string | null>(null);
  const [visited, setVisited] = useState<ReadonlySet<string>>(new Set());
  const [searching, setSearching] = useState(false);
  const [screenReader, setScreenReader] = useState(false);
  const [renaming, setRenaming] = useState<string | null>(null);
  const [entered, setEntered] = useState(0);
  const making = useRef(false);
  const shownTerminals = useRef(new Map<string, XtermTerminal>());
  const mayEdit = useMayEdit();

  const active = terminals?.find(({ id }) => id === wanted)?.id ?? terminals?.at(-1)?.id ?? null;
  if (active !== null && shown && !visited.has(active)) setVisited(new Set([...visited, active]));

  const make = () => {
    if (making.current || !mayEdit) return;
    making.current = true;
    createTerminal(projectId, "")
      .then((made) => setWanted(made.id), tell)
      .finally(() => (making.current = false));
  };
  const close = (id: string) => {
    if (mayEdit) closeTerminal(projectId, id).catch(tell);
  };
  // Whoever opens the panel wants a terminal. Only once: whoever closes the last one does not.
  const first = useRef(true);
  const makeFirst = useEffectEvent(make);
  useEffect(() => {
    if (!shown || terminals === null || !first.current) return;
    first.current = false;
    if (terminals.length === 0) makeFirst();
  }, [shown, terminals]);

  const makeShown = () => {
    showBottom("terminal");
    make();
  };
  const search = () => {
    showBottom("terminal");
    setSearching(true);
  };
  useCommands(() => [
    { id: "terminal.new", title: "terminal.new", keys: ["Mod+~"], whileTyping: true, run: makeShown },
    { id: "terminal.close", title: "terminal.close", enabled: () => active !== null, run: () => active !== null && close(active) },
    { id: "terminal.rename", title: "terminal.rename", enabled: () => active !== null && mayEdit, run: () => setRenaming(active) },
    {
      id: "terminal.leave",
      title: "terminal.leave",
      keys: ["F6"],
      scope: "terminal",
      whileTyping: true,
      enabled: () => document.activeElement?.closest("[data-terminal]") != null,
      run: () => document.querySelector<HTMLElement>("[id^=terminal-tab-][aria-selected=true]")?.focus(),
    },
    {
      id: "terminal.sendF6",
      title: "terminal.sendF6",
      keys: ["Shift+F6"],
      scope: "terminal",
      whileTyping: true,
      enabled: () => document.activeElement?.closest(".xterm") != null,
      run: () => active !== null && shownTerminals.current.get(active)?.sendF6(),
    },
    { id: "terminal.search", title: "terminal.search", keys: ["Mod+Shift+F"], scope: "terminal", whileTyping: true, run: search },
  ]);

  if (terminals === null) {
    if (error === null) return <Loading label={t("terminal.loading")} />;
    return (
      <EmptyState icon={<SquareTerminal size={28} />} title={t("terminal.loadFailed")}>
        <p className="mb-3">{error}</p>
        <Button onClick={again}>{t("app.tryAgain")}</Button>
      </EmptyState>
    );
  }
  return (
    <section aria-label={t("terminal.title")} data-scope="terminal" className="flex h-full min-h-0 flex-col">
      <TerminalTabs
        terminals={terminals}
        active={active}
        screenReader={screenReader}
        mayEdit={mayEdit}
        renaming={renaming}
        onActivate={setWanted}
        onEnter={(id) => {
          setWanted(id);
          setEntered(entered + 1);
        }}
        onRenaming={setRenaming}
        onNew={make}
        onClose={close}
        onRename={(id, name) => void renameTerminal(projectId, id, name).catch(tell)}
        onSearch={() => setSearching(true)}
        onScreenReader={() => setScreenReader(!screenReader)}
      />
      {terminals.length === 0 && (
        <EmptyState icon={<SquareTerminal size={28} />} title={t("terminal.none")}>
          <p className="mb-3">{t("terminal.noneHint")}</p>
          <Button onClick={make} disabled={!mayEdit}>
            {t("terminal.new")}
          </Button>
        </EmptyState>
      )}
      {terminals
        .filter(({ id }) => visited.has(id))
        .map(({ id, name }) => (
          <TerminalView
            key={id}
            projectId={projectId}
            id={id}
            name={name}
            visible={id === active && shown}
            entered={entered}
            searching={searching}
            screenReader={screenReader}
            readOnly={!mayEdit}
            onSearch={setSearching}
            onRename={() => setRenaming(id)}
            onClose={() => close(id)}
            onNew={make}
            onTerminal={(of, terminal) => {
              if (terminal === null) shownTerminals.current.delete(of);
              else shownTerminals.current.set(of, terminal);
            }}
          />
        ))}
    </section>
  );
}
