import { ChevronDown, Columns2, Save, X } from "lucide-react";
import type { KeyboardEvent } from "react";

import { t } from "@/shared/i18n/i18n";
import { useProject } from "@/shared/project/projectStore";
import { IconButton } from "@/shared/ui/Button";
import { Hint } from "@/shared/ui/Hint";
import { Menu, type MenuItem } from "@/shared/ui/Menu";
import { useSelectedInView } from "@/shared/ui/useSelectedInView";
import { activateTab, goToTab, useWorkspace, type Tab } from "@/shared/workspace/workspace";

import { SaveLabel } from "./SaveLabel";
import { tabTitles, type TabTitle } from "./tabTitles";

interface EditorTabsProps {
  onClose: (key: string) => void;
  onSave: () => void;
  onSplit: () => void;
  split: boolean;
}

interface TabButtonProps {
  tab: Tab;
  title: TabTitle | undefined;
  active: boolean;
  dirty: boolean;
  onClose: (key: string) => void;
}

function TabButton({ tab, title, active, dirty, onClose }: TabButtonProps) {
  const name = title?.title === "" || title === undefined ? t("editor.untitled") : title.title;
  return (
    <div
      role="presentation"
      className={`group flex h-full max-w-56 shrink-0 items-center border-r border-line ${active ? "bg-panel text-text" : "bg-base text-muted hover:text-text"}`}
      onAuxClick={(event) => event.button === 1 && onClose(tab.key)}
    >
      <Hint text={title === undefined || title.path === name ? "" : title.path}>
        <button
          type="button"
          role="tab"
          id={`editor-tab-${tab.key}`}
          aria-selected={active}
          aria-controls="editor-groups"
          aria-keyshortcuts="Delete"
          tabIndex={active ? 0 : -1}
          onClick={() => goToTab(tab.key)}
          className={`flex h-full min-w-0 items-center gap-2 border-t-2 pr-1 pl-3 text-sm ${active ? "border-accent" : "border-transparent"}`}
        >
          <span className="truncate">{name}</span>
          {title !== undefined && title.folder !== "" && <span className="truncate text-xs text-faint">{title.folder}</span>}
          {dirty && (
            <span className="size-2 shrink-0 rounded-full bg-accent" role="img" aria-label={t("editor.unsaved")} title={t("editor.unsaved")} />
          )}
        </button>
      </Hint>
      {/* A list of tabs may hold nothing but tabs: by the keyboard, Delete closes one. */}
      <button
        type="button"
        tabIndex={-1}
        aria-hidden
        aria-label={t("editor.closeTab", { name })}
        title={t("editor.closeTab", { name })}
        onClick={() => onClose(tab.key)}
        className={`mr-1.5 rounded-sm p-0.5 pointer-coarse:p-1.5 hover:bg-hover ${active ? "" : "opacity-60 group-hover:opacity-100"}`}
      >
        <X size={13} aria-hidden />
      </button>
    </div>
  );
}

/** A tab in the list of all of them, which has room for where its file lies: there a finger finds it. */
function listed(title: TabTitle | undefined, unsaved: boolean, onSelect: () => void): MenuItem {
  const name = title === undefined || title.title === "" ? t("editor.untitled") : title.title;
  const path = title === undefined || title.path === name ? "" : ` — ${title.path}`;
  return { label: `${name}${path}`, ...(unsaved ? { icon: <span className="size-2 rounded-full bg-accent" role="img" aria-label={t("editor.unsaved")} /> } : {}), onSelect };
}

/** Out of the text, by key: the tab in front gets the focus. */
export function focusActiveTab(): void {
  document.querySelector<HTMLElement>("[id^=editor-tab-][aria-selected=true]")?.focus();
}

/** The open texts. Arrow keys move among them, Delete closes one. */
export function EditorTabs({ onClose, onSave, onSplit, split }: EditorTabsProps) {
  const tabs = useWorkspace((state) => state.tabs);
  const activeTab = useWorkspace((state) => state.activeTab);
  const list = useSelectedInView<HTMLDivElement>(activeTab, tabs.length);
  const dirty = useWorkspace((state) => state.dirty);
  const nodes = useProject((state) => state.nodes);
  const titles = tabTitles(tabs, nodes);

  const onKeyDown = (event: KeyboardEvent) => {
    const index = tabs.findIndex((tab) => tab.key === activeTab);
    const steps: Record<string, number> = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: tabs.length - 1 };
    const to = steps[event.key];
    if (event.key === "Delete" && activeTab !== null) onClose(activeTab);
    if (to === undefined) return;
    const target = tabs[(to + tabs.length) % tabs.length];
    if (target === undefined) return;
    event.preventDefault();
    activateTab(target.key);
    list.current?.querySelectorAll<HTMLElement>("[role=tab]")[tabs.indexOf(target)]?.focus();
  };

  return (
    <div className="flex h-9 shrink-0 items-stretch border-b border-line bg-base">
      <div
        ref={list}
        role="tablist"
        aria-label={t("editor.openFiles")}
        onKeyDown={onKeyDown}
        // A mouse wheel turns one way only.
        onWheel={(event) => {
          if (event.deltaX === 0) event.currentTarget.scrollLeft += event.deltaY;
        }}
        className="flex min-w-0 flex-1 overflow-x-auto"
      >
        {tabs.map((tab) => (
          <TabButton
            key={tab.key}
            tab={tab}
            title={titles.get(tab.key)}
            active={tab.key === activeTab}
            dirty={dirty.has(tab.key)}
            onClose={onClose}
          />
        ))}
      </div>
      <div className="flex items-center gap-0.5 px-1.5">
        {tabs.length > 0 && (
          <Menu
            align="end"
            items={tabs.map((tab) => listed(titles.get(tab.key), dirty.has(tab.key), () => goToTab(tab.key)))}
            trigger={<IconButton small label={t("editor.list")} icon={<ChevronDown size={15} />} />}
          />
        )}
        <SaveLabel tabKey={activeTab} />
        <IconButton small label={t("editor.save")} keys="Mod+S" icon={<Save size={15} />} onClick={onSave} disabled={activeTab === null} />
        <IconButton
          small
          label={split ? t("editor.unsplit") : t("editor.split")}
          icon={<Columns2 size={15} />}
          pressed={split}
          onClick={onSplit}
          disabled={activeTab === null}
        />
      </div>
    </div>
  );
}
