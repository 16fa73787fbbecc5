import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Download, Search } from "lucide-react";
import { useState } from "react";

import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { toldPlainly } from "@/shared/i18n/told";
import { Button, IconButton } from "@/shared/ui/Button";
import type { Package, PackageMatch, PackageSearch } from "@/wire/generated";

import { lookUpPackage, searchPackages } from "./packagesApi";
import { normalized } from "./specifiers";
import { useSettled } from "./useSettled";

interface FinderProps {
  projectId: string;
  /** The one name that is typed, or a part of it; null when there is none, or several. */
  name: string | null;
  installed: readonly Package[];
  disabled: boolean;
  onInstall: (name: string) => void;
}

const SETTLE_MS = 200;
const ASK_AGAIN_MS = 1_000;
/** Fewer letters are in nearly every name. */
const LETTERS = 2;

type LookUpProps = Pick<FinderProps, "projectId" | "disabled" | "onInstall"> & { name: string };

function LookUp({ projectId, name, disabled, onInstall }: LookUpProps) {
  const found = useQuery({
    queryKey: ["lookup", projectId, name],
    queryFn: ({ signal }) => lookUpPackage(projectId, name, signal),
    retry: false,
  });
  if (found.isPending) return <p className="px-3 text-muted">{t("packages.lookingUp")}</p>;
  if (found.isError) return <p className="px-3 text-bad">{messageOf(found.error)}</p>;
  if (found.data.version === "") return <p className="px-3 break-words text-warn">{toldPlainly(found.data.message)}</p>;
  return (
    <p className="flex items-center gap-2 px-3">
      <span className="min-w-0 flex-1">{t("packages.found", { name: found.data.name, version: found.data.version })}</span>
      <Button small disabled={disabled} icon={<Download size={12} />} aria-label={t("packages.installNamed", { name })} onClick={() => onInstall(name)}>
        {t("packages.install")}
      </Button>
    </p>
  );
}

function Match({ match, disabled, onInstall }: { match: PackageMatch } & Pick<FinderProps, "disabled" | "onInstall">) {
  const { name, version, offline } = match;
  return (
    <li className="flex min-h-7 items-center gap-2 px-3 pointer-coarse:min-h-10 hover:bg-hover/60" data-match={name}>
      <span className="min-w-0 flex-1 text-sm wrap-anywhere">
        {name}
      </span>
      {offline && (
        <span className="shrink-0 rounded-sm bg-ok-soft px-1.5 text-2xs text-ok">
          {t("packages.offline")}
        </span>
      )}
      {version !== "" && <span className="text-xs text-faint">{version}</span>}
      <IconButton
        small
        label={t("packages.installNamed", { name })}
        icon={<Download size={13} />}
        disabled={disabled}
        onClick={() => onInstall(name)}
      />
    </li>
  );
}

/** How far the index's list is, and what can be done about it. */
function Listing({ found, name, onRead, onLookUp }: { found: PackageSearch; name: string; onRead: () => void; onLookUp: () => void }) {
  const { listing, message, matches } = found;
  const exact = matches.some((match) => match.name === normalized(name) && match.offline);
  const lookUp = (
    <Button small tone="ghost" icon={<Search size={12} />} onClick={onLookUp}>
      {t("packages.lookUp", { name })}
    </Button>
  );
  switch (listing) {
    case "unread":
      return (
        <div className="px-1.5">
          <Button small tone="ghost" icon={<Search size={12} />} onClick={onRead}>
            {t("packages.searchIndex")}
          </Button>
          {!exact && lookUp}
          <p className="px-1.5 text-faint">{t("packages.searchIndexHint")}</p>
        </div>
      );
    case "reading":
      return <p className="px-3 text-muted">{t("packages.readingIndex")}</p>;
    case "absent":
      return (
        <div className="px-1.5">
          <p className="px-1.5 pb-1 break-words text-muted">{message === "" ? t("packages.noIndex") : message}</p>
          {message !== "" && !exact && lookUp}
        </div>
      );
    case "ready":
      return matches.length === 0 ? <p className="px-3 text-muted">{t("packages.noMatch", { name })}</p> : <div className="px-1.5">{!exact && lookUp}</div>;
  }
}

/** What could be installed: first what lies in the sandbox, then what the package index has. */
export function PackageFinder({ projectId, name, installed, disabled, onInstall }: FinderProps) {
  const [read, setRead] = useState(false);
  const [asked, setAsked] = useState<string | null>(null);
  const wanted = useSettled(name ?? "", SETTLE_MS);
  const search = useQuery({
    queryKey: ["package-search", projectId, wanted, read],
    queryFn: ({ signal }) => searchPackages(projectId, wanted, read, signal),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.listing === "reading" ? ASK_AGAIN_MS : false),
    enabled: projectId !== "" && wanted.length >= LETTERS,
    retry: false,
  });
  if (name === null || name.length < LETTERS) return null;
  const there = new Set(installed.map((one) => normalized(one.name)));
  const matches = search.data?.matches.filter((match) => !there.has(match.name)) ?? [];
  return (
    <section aria-label={t("packages.results")} className="flex max-h-[50%] shrink-0 flex-col border-b border-line py-1.5 text-xs">
      {matches.length > 0 && (
        <ul aria-label={t("packages.results")} className="min-h-0 overflow-y-auto pb-1">
          {matches.map((match) => (
            <Match key={match.name} match={match} disabled={disabled} onInstall={onInstall} />
          ))}
        </ul>
      )}
      <div role="status" className="shrink-0">
        {search.isPending && <p className="px-3 text-muted">{t("packages.searching")}</p>}
        {search.isError && <p className="px-3 text-bad">{messageOf(search.error)}</p>}
        {matches.some(({ offline }) => offline) && (
          <p className="px-3 pb-1 text-faint">
            {t("packages.offline")}: {t("packages.offlineHint")}
          </p>
        )}
        {asked === name ? (
          <LookUp projectId={projectId} name={name} disabled={disabled} onInstall={onInstall} />
        ) : (
          search.data !== undefined && <Listing found={search.data} name={name} onRead={() => setRead(true)} onLookUp={() => setAsked(name)} />
        )}
      </div>
    </section>
  );
}
