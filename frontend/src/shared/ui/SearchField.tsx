import { Search } from "lucide-react";

export function SearchField({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <label className="relative min-w-56 flex-1">
      <span className="sr-only">{label}</span>
      <Search size={15} aria-hidden className="absolute top-2 left-2.5 text-faint" />
      <input
        type="search"
        value={value}
        placeholder={label}
        onChange={(event) => onChange(event.target.value)}
        className="h-8 w-full rounded-md border border-line-strong bg-panel pr-3 pl-8 text-sm"
      />
    </label>
  );
}
