import { useId, useRef, useState, type ReactNode } from "react";

export interface PickItem {
  id: string;
  label: string;
  /** Also searched. */
  detail?: string;
  icon?: ReactNode;
  aside?: ReactNode;
}

interface Props {
  label: string;
  placeholder: string;
  items: readonly PickItem[];
  empty: string;
  onPick: (id: string, query: string) => void;
  onCancel?: () => void;
  /** Shown as the last choice with what was typed. */
  initialQuery?: string;
}

/** Rank: the query at the start of a word beats within one; all words of the query must occur. */
export function ranked<T extends { label: string; detail?: string }>(items: readonly T[], query: string): T[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...items];
  const scored = items.flatMap((item) => {
    const label = item.label.toLowerCase();
    const text = `${label} ${(item.detail ?? "").toLowerCase()}`;
    let score = 0;
    for (const word of words) {
      if (!text.includes(word)) return [];
      if (label.startsWith(word)) score += 4;
      else if (label.includes(` ${word}`)) score += 3;
      else if (label.includes(word)) score += 2;
    }
    return [{ item, score }];
  });
  return scored.sort((a, b) => b.score - a.score).map(({ item }) => item);
}

const SHOWN = 80;

/** A search field over a list: type, arrows, Enter. */
export function PickList({ label, placeholder, items, empty, onPick, onCancel, initialQuery = "" }: Props) {
  const id = useId();
  const [query, setQuery] = useState(initialQuery);
  const [active, setActive] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const shown = ranked(items, query).slice(0, SHOWN);
  const index = Math.min(active, Math.max(0, shown.length - 1));
  const move = (by: number) => {
    const next = shown.length === 0 ? 0 : (index + by + shown.length) % shown.length;
    setActive(next);
    list.current?.children[next]?.scrollIntoView({ block: "nearest" });
  };
  return (
    <div className="flex min-h-0 flex-col">
      <input
        role="combobox"
        aria-label={label}
        aria-expanded
        aria-controls={`${id}-list`}
        aria-activedescendant={shown.length > 0 ? `${id}-${String(index)}` : undefined}
        autoFocus
        placeholder={placeholder}
        value={query}
        className="h-10 w-full shrink-0 border-b border-line bg-transparent px-3.5 text-base outline-none"
        onChange={(event) => {
          setQuery(event.target.value);
          setActive(0);
        }}
        onKeyDown={(event) => {
          const { key } = event;
          if (key === "ArrowDown" || key === "ArrowUp") move(key === "ArrowDown" ? 1 : -1);
          else if (key === "Enter" && shown[index] !== undefined) onPick(shown[index].id, query);
          else if (key === "Escape" && onCancel !== undefined) onCancel();
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      <ul ref={list} id={`${id}-list`} role="listbox" aria-label={label} className="max-h-80 overflow-y-auto p-1">
        {shown.map((item, row) => (
          <li
            key={item.id}
            id={`${id}-${String(row)}`}
            role="option"
            aria-selected={row === index}
            className="flex min-h-8 items-center gap-2.5 pointer-coarse:min-h-10 rounded-sm px-2.5 py-1 aria-selected:bg-hover"
            onPointerMove={() => setActive(row)}
            onClick={() => onPick(item.id, query)}
          >
            {item.icon !== undefined && <span className="flex w-4 justify-center text-faint">{item.icon}</span>}
            <span className="min-w-0 flex-1">
              <span className="block truncate">{item.label}</span>
              {item.detail !== undefined && <span className="block truncate text-xs text-faint">{item.detail}</span>}
            </span>
            {item.aside !== undefined && <span className="shrink-0 text-xs text-faint">{item.aside}</span>}
          </li>
        ))}
      </ul>
      {shown.length === 0 && <p className="px-3.5 pt-1 pb-3 text-xs text-faint">{empty}</p>}
    </div>
  );
}
