import { Trash2 } from "lucide-react";

import { t } from "@/shared/i18n/i18n";
import { IconButton } from "@/shared/ui/Button";
import type { Package } from "@/wire/generated";

interface PackageListProps {
  packages: readonly Package[];
  disabled: boolean;
  onRemove: (name: string) => void;
}

/** Required ones first: those a person asked for; the others came along. */
export function PackageList({ packages, disabled, onRemove }: PackageListProps) {
  const sorted = [...packages].sort((a, b) => Number(b.required) - Number(a.required) || a.name.localeCompare(b.name));
  return (
    <>
      <ul aria-label={t("packages.installed")} className="min-h-0 flex-1 overflow-y-auto py-1">
        {sorted.map(({ name, version, required }) => (
          <li key={name} className="group flex min-h-7 items-center gap-2 px-3 pointer-coarse:min-h-10 text-sm hover:bg-hover/60" data-package={name}>
            <span className={`min-w-0 flex-1 truncate ${required ? "" : "text-muted"}`}>{name}</span>
            {required && (
              <span className="rounded-sm bg-accent-soft px-1.5 text-2xs text-accent-text">
                {t("packages.required")}
              </span>
            )}
            <span className="text-xs text-faint">{version}</span>
            <IconButton
              small
              label={t("packages.remove", { name })}
              icon={<Trash2 size={13} />}
              disabled={disabled}
              onClick={() => onRemove(name)}
              className="opacity-60 group-hover:opacity-100 focus-visible:opacity-100"
            />
          </li>
        ))}
      </ul>
      {sorted.some(({ required }) => required) && (
        <p className="shrink-0 border-t border-line px-3 pt-1.5 text-xs text-faint">
          {t("packages.required")}: {t("packages.requiredHint")}
        </p>
      )}
    </>
  );
}
