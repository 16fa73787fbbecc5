import type { ReactNode } from "react";

export interface StripTab<T extends string> {
  id: T;
  label: string;
  icon?: ReactNode;
  /** Only its icon is shown where there is little room, unless it is in front. */
  narrow?: boolean;
  badge?: number;
}

interface Props<T extends string> {
  label: string;
  tabs: readonly StripTab<T>[];
  active: T | null;
  onSelect: (id: T) => void;
  children?: ReactNode;
}

/** Tabs of a panel; arrows move between them. */
export function TabStrip<T extends string>({ label, tabs, active, onSelect, children }: Props<T>) {
  return (
    <div className="@container flex h-9 shrink-0 items-center gap-1 border-b border-line bg-panel pr-1 pl-1.5">
      <div
        role="tablist"
        aria-label={label}
        className="flex min-w-0 flex-1 gap-0.5 overflow-x-auto"
        onKeyDown={(event) => {
          const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
          if (step === 0) return;
          const index = tabs.findIndex((tab) => tab.id === active);
          const next = tabs[(index + step + tabs.length) % tabs.length];
          if (next === undefined) return;
          onSelect(next.id);
          event.currentTarget.querySelector<HTMLElement>(`[data-tab="${next.id}"]`)?.focus();
        }}
      >
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            data-tab={tab.id}
            aria-selected={tab.id === active}
            tabIndex={tab.id === active ? 0 : -1}
            title={tab.label}
            onClick={() => onSelect(tab.id)}
            className="flex h-7 shrink-0 items-center gap-1.5 rounded-md px-2 text-xs @max-3xs:px-1.5 aria-selected:min-w-10 aria-selected:shrink font-medium text-muted outline-offset-[-2px] hover:text-text aria-selected:bg-hover aria-selected:text-text"
          >
            {tab.icon}
            <span className={tab.id === active ? "truncate" : tab.narrow === true ? "@max-md:sr-only" : ""}>{tab.label}</span>
            {tab.badge !== undefined && tab.badge > 0 && (
              <span className="tabular rounded-full bg-bad-soft px-1.5 text-2xs text-bad">{tab.badge}</span>
            )}
          </button>
        ))}
      </div>
      {children}
    </div>
  );
}
