import { ChevronRight } from "lucide-react";
import { useState } from "react";
import { t } from "@/shared/i18n/i18n";

const PAGE = 100;

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function Leaf({ value }: { value: unknown }) {
  if (typeof value === "string") return <span className="text-ok">{JSON.stringify(value)}</span>;
  if (typeof value === "number") return <span className="tabular text-info">{String(value)}</span>;
  if (typeof value === "boolean") return <span className="text-warn">{String(value)}</span>;
  return <span className="text-faint">null</span>;
}

function summary(value: object): string {
  return Array.isArray(value) ? `[${value.length}]` : `{${Object.keys(value).length}}`;
}

function Branch({ name, value, depth }: { name: string | null; value: unknown; depth: number }) {
  const [open, setOpen] = useState(depth < 1);
  const [shown, setShown] = useState(PAGE);
  const label = name === null ? null : <span className="text-muted">{name}: </span>;
  if (!isContainer(value)) {
    return (
      <div className="pl-4.5">
        {label}
        <Leaf value={value} />
      </div>
    );
  }
  const entries: [string, unknown][] = Object.entries(value);
  return (
    <div>
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="flex items-center gap-0.5 rounded-sm text-left hover:bg-hover"
      >
        <ChevronRight size={13} className={`shrink-0 text-faint transition-transform ${open ? "rotate-90" : ""}`} />
        <span>
          {label}
          <span className="text-faint">{summary(value)}</span>
        </span>
      </button>
      {open && (
        <div className="ml-1.5 border-l border-line pl-2">
          {entries.slice(0, shown).map(([key, item]) => (
            <Branch key={key} name={key} value={item} depth={depth + 1} />
          ))}
          {entries.length > shown && (
            <button type="button" className="ml-4 text-accent-text underline" onClick={() => setShown(shown + PAGE)}>
              {t("runs.output.more", { count: entries.length - shown })}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

/** A JSON value as a tree; long lists come page by page. */
export function JsonTree({ value }: { value: unknown }) {
  return (
    <div className="p-2.5 font-mono text-xs leading-5 wrap-anywhere">
      <Branch name={null} value={value} depth={0} />
    </div>
  );
}
