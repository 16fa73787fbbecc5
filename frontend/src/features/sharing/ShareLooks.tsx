import { useQuery } from "@tanstack/react-query";
import { Eye } from "lucide-react";
import { useId } from "react";
import { looksQuery } from "@/shared/courses/looks";
import { t } from "@/shared/i18n/i18n";
import { dateAndTime } from "@/shared/ui/localTime";

/** Who looked at the project by their office, not by a share. Nothing where nobody did. */
export function ShareLooks({ projectId }: { projectId: string }) {
  const heading = useId();
  const looks = useQuery(looksQuery(projectId));
  if (looks.data === undefined || looks.data.length === 0) return null;
  return (
    <section aria-labelledby={heading} className="border-t border-line pt-4">
      <h2 id={heading} className="font-semibold">
        {t("sharing.looks")}
      </h2>
      <p className="mt-0.5 mb-1 text-xs text-muted">{t("sharing.looksHint")}</p>
      <ul className="max-h-40 divide-y divide-line overflow-y-auto text-sm">
        {looks.data.map(({ personId, name, at }) => (
          <li key={`${personId} ${String(at)}`} className="flex items-center gap-2 py-1.5">
            <Eye size={15} aria-hidden className="shrink-0 text-faint" />
            <span className="min-w-0 flex-1 truncate">{name}</span>
            <span className="text-muted">{dateAndTime(at)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
