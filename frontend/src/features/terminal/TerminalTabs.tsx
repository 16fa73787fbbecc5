import { Accessibility, Plus, Search, SquareTerminal, X } from "lucide-react";
import { useState, type KeyboardEvent } from "react";

import { t } from "@/shared/i18n/i18n";
import { IconButton } from "@/shared/ui/Button";
import { Hint } from "@/shared/ui/Hint";
import { useSelectedInView } from "@/shared/ui/useSelectedInView";
import type { Terminal } from "@/wire/generated";

interface TerminalTabsProps {
  terminals: readonly Terminal[];
  active: string | null;
  screenReader: boolean;
  mayEdit: boolean;
  renaming: string | null;
  onActivate: (id: string) => void;
  /** Bring it to the front and type in it. */
  onEnter: (id: string) => void;
  onRenaming: (id: string | null) => void;
  onNew: () => void;
  onClose: (id: string) => void;
  onRename: (id: string, name: string) => void;
  onSearch: () => void;
  onScreenReader: () => void;
}

/** Those that nobody named are numbered, in the reader's language. */
function shownName(name: string): string {
  const number = /^terminal (\d+)$/.exec(name)?.[1];
  return number === undefined ? name : t("terminal.numbered", { number });
}

function RenameInput({ name, onDone }: { name: string; onDone: (name: string | null) => void }) {
  const [text, setText] = useState(name);
  const finish = () => onDone(text.trim() === "" || text.trim() === name ? null : text.trim());
  return (
    <input
      autoFocus
      aria-label={t("terminal.name")}
      value={text}
      maxLength={60}
      onFocus={(event) => event.target.select()}
      onChange={(event) => setText(event.target.value)}
      onBlur={finish}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter") finish();
        if (event.key === "Escape") onDone(null);
      }}
      className="mx-1 h-5.5 w-28 rounded-sm bg-base px-1.5 text-sm"
    />
  );
}

/** The terminals of the project. Arrow keys move, Enter goes into one, F2 or a double click renames, Delete closes. */
export function TerminalTabs(props: TerminalTabsProps) {
  const { terminals, active, screenReader, mayEdit, renaming, onActivate, onEnter, onRenaming, onNew, onClose, onRename, onSearch, onScreenReader } = props;
  const list = useSelectedInView<HTMLDivElement>(active, terminals.length);

  const onKeyDown = (event: KeyboardEvent) => {
    const index = terminals.findIndex(({ id }) => id === active);
    if (active !== null && mayEdit && event.key === "F2") onRenaming(active);
    if (active !== null && event.key === "Delete") onClose(active);
    const to = event.key === "ArrowLeft" ? index - 1 : event.key === "ArrowRight" ? index + 1 : undefined;
    const target = to === undefined ? undefined : terminals[(to + terminals.length) % terminals.length];
    if (target === undefined) return;
    event.preventDefault();
    onActivate(target.id);
    list.current?.querySelector<HTMLElement>(`#terminal-tab-${CSS.escape(target.id)}`)?.focus();
  };

  return (
    <div className="flex h-8 shrink-0 items-stretch border-b border-line">
      <div ref={list} role="tablist" aria-label={t("terminal.list")} onKeyDown={onKeyDown} className="flex min-w-0 flex-1 overflow-x-auto">
        {terminals.map(({ id, name, foreground, exit_status }) => (
          <div key={id} role="presentation" className={`flex shrink-0 items-center border-r border-line ${id === active ? "bg-panel text-text" : "text-muted"}`}>
            {renaming === id ? (
              <RenameInput
                name={name}
                onDone={(next) => {
                  onRenaming(null);
                  if (next !== null) onRename(id, next);
                }}
              />
            ) : (
              <Hint text={t("terminal.tabHint")}>
                <button
                  type="button"
                  role="tab"
                  id={`terminal-tab-${id}`}
                  aria-selected={id === active}
                  aria-keyshortcuts="F2 Delete"
                  tabIndex={id === active ? 0 : -1}
                  onClick={() => onEnter(id)}
                  onDoubleClick={() => mayEdit && onRenaming(id)}
                  className="flex h-full items-center gap-1.5 pr-1 pl-2.5 text-sm"
                >
                  <SquareTerminal size={13} aria-hidden />
                  {shownName(name)}
                  {foreground !== "" && <span className="text-xs text-faint">{foreground}</span>}
                  {exit_status !== null && <span className="text-xs text-faint">{t("terminal.ended")}</span>}
                </button>
              </Hint>
            )}
            {/* A list of tabs may hold nothing but tabs: by the keyboard, Delete closes one. */}
            <button
              type="button"
              tabIndex={-1}
              aria-hidden
              aria-label={t("terminal.closeNamed", { name: shownName(name) })}
              title={t("terminal.closeNamed", { name: shownName(name) })}
              hidden={!mayEdit}
              onClick={() => onClose(id)}
              className="mr-1.5 rounded-sm p-0.5 pointer-coarse:p-1.5 hover:bg-hover"
            >
              <X size={12} aria-hidden />
            </button>
          </div>
        ))}
      </div>
      <div className="flex items-center gap-0.5 px-1.5">
        <IconButton small label={t("terminal.new")} icon={<Plus size={15} />} disabled={!mayEdit} onClick={onNew} />
        <IconButton small label={t("terminal.search")} icon={<Search size={14} />} onClick={onSearch} disabled={active === null} />
        <IconButton small label={t("terminal.screenReader")} pressed={screenReader} icon={<Accessibility size={14} />} onClick={onScreenReader} />
      </div>
    </div>
  );
}
