import { useQuery, useQueryClient } from "@tanstack/react-query";
import { FileText, PackageOpen, RotateCcw } from "lucide-react";
import { useState, type SubmitEvent } from "react";

import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { useLive } from "@/shared/live/liveStore";
import { useMayEdit, useProject } from "@/shared/project/projectStore";
import { useEvent, useReload } from "@/shared/session/session";
import { Button, IconButton } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";
import { TextField } from "@/shared/ui/fields";
import { EmptyState, Loading } from "@/shared/ui/states";
import { notify } from "@/shared/ui/toasts";
import { openFile } from "@/shared/workspace/workspace";

import { EnvironmentProgress, isWorking } from "./EnvironmentProgress";
import { PackageFinder } from "./PackageFinder";
import { PackageList } from "./PackageList";
import { installPackages, installRequired, listPackages, recreateEnvironment, removePackage } from "./packagesApi";
import { loneName, normalized, parseSpecifiers } from "./specifiers";

function usePackages(projectId: string) {
  const client = useQueryClient();
  const queryKey = ["packages", projectId];
  const query = useQuery({ queryKey, queryFn: ({ signal }) => listPackages(projectId, signal), enabled: projectId !== "" });
  const again = () => void client.invalidateQueries({ queryKey });
  useReload(again);
  useEvent("package_changed", again);
  // requirements.txt says which ones are required.
  useEvent("files_changed", ({ data }) => {
    if (data.overflow || [...data.changed, ...data.deleted].includes("requirements.txt")) again();
  });
  useEvent("venv", ({ data }) => {
    if (data.venv.status === "completed" || data.venv.status === "failed") again();
  });
  return query;
}

function tell(error: unknown): void {
  notify({ kind: "error", message: messageOf(error) });
}

/** The environment's packages: what is there, what is wanted, and what the installer is doing. */
export function PackagesPane() {
  const projectId = useProject((state) => state.id);
  const venv = useLive((state) => state.venv);
  const packages = usePackages(projectId);
  const [text, setText] = useState("");
  const [asked, setAsked] = useState("");
  const [removing, setRemoving] = useState<string | null>(null);
  const mayEdit = useMayEdit();
  const blocked = isWorking(venv) || !mayEdit;
  const { specifiers, wrong } = parseSpecifiers(text);

  const ask = (packagesAsked: readonly string[]) => {
    setAsked(text);
    installPackages(projectId, packagesAsked).then(() => setText(""), tell);
  };
  useEvent("venv", ({ data }) => {
    if (data.venv.status === "creating" || data.venv.status === "installing") return;
    // What was misspelt is mended where it was typed.
    if (data.venv.status === "failed") setText((typed) => (typed === "" ? asked : typed));
    setAsked("");
  });
  const install = (event: SubmitEvent) => {
    event.preventDefault();
    if (specifiers.length > 0 && wrong.length === 0 && !blocked) ask(specifiers);
  };
  const recreate = () => void recreateEnvironment(projectId).catch(tell);
  const installAsked = () => void installRequired(projectId).catch(tell);
  const wanted = normalized(text.trim());
  const shown = packages.data?.filter(({ name }) => wanted === "" || specifiers.length > 1 || normalized(name).includes(wanted.replace(/[<>=!~[].*$/, "")));
  const error = wrong.length > 0 ? t("packages.wrong", { part: wrong[0] ?? "" }) : undefined;

  return (
    <section aria-label={t("packages.title")} data-scope="packages" className="flex h-full min-h-0 flex-col">
      <header className="flex h-9 shrink-0 items-center gap-0.5 px-2">
        <h2 className="flex-1 text-xs font-medium text-muted">{t("packages.title")}</h2>
        <IconButton small label={t("packages.openRequirements")} icon={<FileText size={15} />} onClick={() => openFile("requirements.txt")} />
        <IconButton small label={t("packages.recreate")} icon={<RotateCcw size={14} />} disabled={blocked} onClick={recreate} />
      </header>
      <form onSubmit={install} className="flex shrink-0 items-start gap-1.5 border-b border-line px-2 pb-2">
        <div className="min-w-0 flex-1">
          <TextField
            hideLabel
            label={t("packages.search")}
            placeholder={t("packages.placeholder")}
            value={text}
            error={error}
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
            disabled={!mayEdit}
            onChange={(event) => setText(event.target.value)}
          />
        </div>
        <Button type="submit" tone="primary" disabled={specifiers.length === 0 || wrong.length > 0 || blocked}>
          {t("packages.install")}
        </Button>
      </form>
      <PackageFinder
        projectId={projectId}
        name={wrong.length === 0 ? loneName(specifiers) : null}
        installed={packages.data ?? []}
        disabled={blocked}
        onInstall={(name) => ask([name])}
      />
      {venv !== null && (
        <fieldset disabled={!mayEdit} className="contents">
          <EnvironmentProgress venv={venv} onRecreate={recreate} onInstall={installAsked} />
        </fieldset>
      )}
      {packages.isPending && <Loading label={t("packages.loading")} />}
      {packages.isError && (
        <EmptyState icon={<PackageOpen size={26} />} title={t("packages.loadFailed")}>
          <p className="mb-3">{messageOf(packages.error)}</p>
          <Button onClick={() => void packages.refetch()}>{t("app.tryAgain")}</Button>
        </EmptyState>
      )}
      {shown !== undefined && shown.length > 0 && <PackageList packages={shown} disabled={blocked} onRemove={setRemoving} />}
      {shown?.length === 0 && (
        <EmptyState icon={<PackageOpen size={26} />} title={wanted === "" ? t("packages.none") : t("packages.notInstalled", { name: text.trim() })}>
          {t("packages.installHint")}
        </EmptyState>
      )}
      <p className="shrink-0 border-t border-line px-3 py-1.5 text-xs text-faint">{t("packages.sync")}</p>
      <Dialog
        open={removing !== null}
        onClose={() => setRemoving(null)}
        width="sm"
        title={t("packages.removeTitle", { name: removing ?? "" })}
        footer={
          <>
            <Button onClick={() => setRemoving(null)}>{t("app.cancel")}</Button>
            <Button
              tone="danger"
              onClick={() => {
                if (removing !== null) removePackage(projectId, removing).catch(tell);
                setRemoving(null);
              }}
            >
              {t("packages.removeNow")}
            </Button>
          </>
        }
      >
        <p className="text-muted">{t("packages.removeText")}</p>
      </Dialog>
    </section>
  );
}
