import { ArrowDown, ArrowUp, X } from "lucide-react";
import { useState, type KeyboardEvent } from "react";

import { t } from "@/shared/i18n/i18n";
import { IconButton } from "@/shared/ui/Button";

interface SearchBarProps {
  found: { index: number; count: number };
  onFind: (text: string, backwards: boolean, incremental?: boolean) => void;
  onClose: () => void;
}

export function SearchBar({ found, onFind, onClose }: SearchBarProps) {
  const [text, setText] = useState("");
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") onFind(text, event.shiftKey);
    else if (event.key === "Escape") onClose();
    else return;
    event.preventDefault();
  };
  const result = text === "" ? "" : found.count === 0 ? t("terminal.notFound") : `${found.index + 1}/${found.count}`;
  return (
    <div role="search" className="absolute top-1 right-4 z-10 flex items-center gap-1 rounded-md border border-line-strong bg-raised p-1 shadow-pop">
      <input
        autoFocus
        type="search"
        aria-label={t("terminal.search")}
        placeholder={t("terminal.search")}
        value={text}
        onKeyDown={onKeyDown}
        onChange={(event) => {
          setText(event.target.value);
          onFind(event.target.value, false, true);
        }}
        className="h-6 w-48 rounded-sm bg-base px-2 text-sm"
      />
      <span role="status" className="min-w-14 text-center text-xs text-muted">
        {result}
      </span>
      <IconButton small label={t("terminal.previousMatch")} icon={<ArrowUp size={14} />} onClick={() => onFind(text, true)} />
      <IconButton small label={t("terminal.nextMatch")} icon={<ArrowDown size={14} />} onClick={() => onFind(text, false)} />
      <IconButton small label={t("app.close")} icon={<X size={14} />} onClick={onClose} />
    </div>
  );
}
