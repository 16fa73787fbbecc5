import { useQuery } from "@tanstack/react-query";
import { Download, Search } from "lucide-react";
import { useState } from "react";

import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";
import type { Package } from "@/wire/generated";

import { listAvailable, lookUpPackage } from "./packagesApi";
import { suggestions } from "./suggestions";

interface FinderProps {
  projectId: string;
  /** What is typed. */
  text: string;
  /** The one name in it that the index can be asked for. */
  name: string | null;
  installed: readonly Package[];
  disabled: boolean;
  onInstall: (name: string) => void;
}

function LookUp({ projectId, name, disabled, onInstall }: { projectId: string; name: string; disabled: boolean; onInstall: (name: string) => void }) {
  const found = useQuery({
    queryKey: ["lookup", projectId, name],
    queryFn: ({ signal }) => lookUpPackage(projectId, name, signal),
    retry: false,
  });
  if (found.isPending) return <p className="text-muted">{t("packages.lookingUp")}</p>;
  if (found.isError) return <p className="text-bad">{messageOf(found.error)}</p>;
  if (found.data.version === "") return <p className="break-words text-warn">{found.data.message}</p>;
  return (
    <p className="flex items-center gap-2">
      <span className="flex-1">{t("packages.found", { name: found.data.name, version: found.data.version })}</span>
      <Button small disabled={disabled} icon={<Download size={12} />} aria-label={t("packages.installNamed", { name })} onClick={() => onInstall(name)}>
        {t("packages.install")}
      </Button>
    </p>
  );
}

/** What could be installed: from what lies in the sandbox, and on request from the package index. */
export function PackageFinder({ projectId, text, name, installed, disabled, onInstall }: FinderProps) {
  const [asked, setAsked] = useState<string | null>(null);
  const available = useQuery({
    queryKey: ["available", projectId],
    queryFn: ({ signal }) => listAvailable(projectId, signal),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: text !== "" && projectId !== "",
  });
  const offered = suggestions(text, available.data ?? [], installed);
  if (name === null && offered.length === 0) return null;
  return (
    <div className="shrink-0 border-b border-line px-3 py-2 text-xs" role="status">
      {offered.length > 0 && (
        <>
          <p className="text-2xs text-faint">{t("packages.offline")}</p>
          <ul className="mt-1 mb-1.5 flex flex-wrap gap-1">
            {offered.map((one) => (
              <li key={one.name}>
                <Button
                  small
                  disabled={disabled}
                  icon={<Download size={12} />}
                  aria-label={t("packages.installNamed", { name: one.name })}
                  onClick={() => onInstall(one.name)}
                >
                  {one.name} <span className="text-faint">{one.version}</span>
                </Button>
              </li>
            ))}
          </ul>
        </>
      )}
      {name !== null && asked !== name && (
        <Button small tone="ghost" icon={<Search size={12} />} onClick={() => setAsked(name)}>
          {t("packages.lookUp", { name })}
        </Button>
      )}
      {name !== null && asked === name && <LookUp projectId={projectId} name={name} disabled={disabled} onInstall={onInstall} />}
    </div>
  );
}
