import "@xterm/xterm/css/xterm.css";

import { useEffect, useEffectEvent, useRef, useState } from "react";

import { t } from "@/shared/i18n/i18n";
import { usePreferences } from "@/shared/preferences/preferences";
import { ContextMenu } from "@/shared/ui/Menu";
import { notify } from "@/shared/ui/toasts";

import { SearchBar } from "./SearchBar";
import { attachPath } from "./terminalApi";
import type { TerminalState } from "./terminalSession";
import { TerminalStatus } from "./TerminalStatus";
import { XtermTerminal } from "./xtermTerminal";

export interface TerminalViewProps {
  projectId: string;
  id: string;
  name: string;
  visible: boolean;
  /** Counts how often somebody wanted to type in the one in front. */
  entered: number;
  searching: boolean;
  screenReader: boolean;
  readOnly: boolean;
  onSearch: (searching: boolean) => void;
  onRename: () => void;
  onClose: () => void;
  onNew: () => void;
  /** The terminal when it is there, null when it goes. */
  onTerminal: (id: string, terminal: XtermTerminal | null) => void;
}

function failed(error: unknown): void {
  notify({ kind: "error", message: t("terminal.clipboard", { message: error instanceof Error ? error.message : String(error) }) });
}

/** One terminal. It stays mounted behind the others, so that its scrollback and its search stay where they were. */
export function TerminalView(props: TerminalViewProps) {
  const { projectId, id, name, visible, entered, searching, screenReader, readOnly, onSearch, onRename, onClose, onNew, onTerminal } = props;
  const host = useRef<HTMLDivElement>(null);
  const [terminal, setTerminal] = useState<XtermTerminal | null>(null);
  const [state, setState] = useState<TerminalState>({ status: "connecting" });
  const [found, setFound] = useState({ index: -1, count: 0 });
  const fontSize = usePreferences((preferences) => preferences.terminalFontSize);
  const webgl = usePreferences((preferences) => preferences.terminalWebgl);
  const settings = { fontSize, webgl, screenReader, readOnly, label: t("terminal.label", { name }) };

  const first = useEffectEvent(() => settings);
  const tell = useEffectEvent((made: XtermTerminal | null) => {
    setTerminal(made);
    onTerminal(id, made);
  });
  useEffect(() => {
    if (host.current === null) return;
    const created = new XtermTerminal(host.current, (from) => attachPath(projectId, id, from), first(), {
      onState: setState,
      onNotice: (message) => notify({ kind: "info", message }),
      onTooMuch: () => notify({ kind: "error", message: t("terminal.tooMuch") }),
      onSearch: (index, count) => setFound({ index, count }),
      truncated: (bytes) => t("terminal.truncated", { bytes: bytes.toLocaleString(document.documentElement.lang) }),
    });
    tell(created);
    return () => {
      tell(null);
      created.dispose();
    };
  }, [projectId, id]);

  const { label } = settings;
  useEffect(() => terminal?.update({ fontSize, webgl, screenReader, readOnly, label }), [terminal, fontSize, webgl, screenReader, readOnly, label]);
  const enteredBefore = useRef(entered);
  useEffect(() => {
    if (!visible) return;
    // Whoever goes along the tabs by key stays there.
    const passing = enteredBefore.current === entered && document.activeElement?.matches("[role=tab]:focus-visible") === true;
    enteredBefore.current = entered;
    if (!passing) terminal?.focus();
  }, [terminal, visible, entered]);

  const menu = [
    { label: t("terminal.copy"), keys: "Mod+Shift+C", onSelect: () => void terminal?.copy().catch(failed) },
    { label: t("terminal.paste"), keys: "Mod+Shift+V", disabled: readOnly, onSelect: () => void terminal?.paste().catch(failed) },
    "-" as const,
    { label: t("terminal.search"), onSelect: () => onSearch(true) },
    { label: t("terminal.clear"), onSelect: () => terminal?.clear() },
    "-" as const,
    { label: t("terminal.new"), disabled: readOnly, onSelect: onNew },
    { label: t("terminal.rename"), keys: "F2", disabled: readOnly, onSelect: onRename },
    { label: t("terminal.close"), danger: true, disabled: readOnly, onSelect: onClose },
  ];
  return (
    <div className={`relative flex min-h-0 flex-1 flex-col ${visible ? "" : "hidden"}`} data-terminal={id} data-status={state.status}>
      {searching && visible && (
        <SearchBar
          found={found}
          onFind={(text, backwards, incremental) => terminal?.find(text, backwards, incremental)}
          onClose={() => {
            onSearch(false);
            terminal?.endSearch();
          }}
        />
      )}
      <ContextMenu items={menu}>
        <div ref={host} className="nokey min-h-0 flex-1 overflow-hidden bg-panel pt-1 pl-2" />
      </ContextMenu>
      <TerminalStatus
        state={state}
        onRetry={() => terminal?.session.retryNow()}
        onReopen={() => terminal?.session.reopen()}
        onClose={onClose}
      />
    </div>
  );
}
