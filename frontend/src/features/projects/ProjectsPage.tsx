import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { FileArchive, FolderOpen, GitBranch, Plus, Search, Upload } from "lucide-react";
import { useRef, useState, type ReactNode } from "react";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { useCommands } from "@/shared/keyboard/commands";
import { Button } from "@/shared/ui/Button";
import { download } from "@/shared/ui/download";
import { Menu } from "@/shared/ui/Menu";
import { EmptyState, Loading } from "@/shared/ui/states";
import { dismiss, notify } from "@/shared/ui/toasts";
import type { ProjectSummary } from "@/wire/control";
import { CloneDialog } from "./CloneDialog";
import { NewProjectDialog } from "./NewProjectDialog";
import { deleteProject, duplicateProject, exportPath, importZip, leaveProject, projectsQuery, renameProject, restoreProject } from "./projectApi";
import { ProjectCard } from "./ProjectCard";

interface Props {
  onOpen: (projectId: string) => void;
  /** Left in the header: the ways to other pages. */
  navigation?: ReactNode;
  /** Above the page: what concerns all of it. */
  notice?: ReactNode;
  /** Right end of the header. */
  actions: ReactNode;
}

/** Newest first, those whose name or description holds every word of the query. */
export function matching(projects: readonly ProjectSummary[], query: string): ProjectSummary[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return projects
    .filter((project) => {
      const text = `${project.name} ${project.description}`.toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .sort((a, b) => Math.max(b.openedAt, b.createdAt) - Math.max(a.openedAt, a.createdAt));
}

/** How long the undo of a deletion is offered; the server keeps the project longer. */
const UNDO_MS = 15_000;

async function orSayWhy(work: Promise<void>, done: () => void): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    notify({ kind: "error", message: messageOf(error) });
    return false;
  } finally {
    done();
  }
}

async function deleteWithUndo({ id, name }: ProjectSummary, changed: () => void): Promise<void> {
  if (!(await orSayWhy(deleteProject(id), changed))) return;
  notify({
    kind: "info",
    message: t("projects.deleted", { name }),
    action: { label: t("app.undo"), run: () => void orSayWhy(restoreProject(id), changed) },
    lastsMs: UNDO_MS,
  });
}

/** A long action with a line that says so while it lasts. */
function useBusyAction() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ message, run }: { message: string; run: () => Promise<unknown> }) => {
      const toast = notify({ kind: "info", message });
      try {
        await run();
      } finally {
        dismiss(toast);
      }
    },
    onSettled: () => queries.invalidateQueries({ queryKey: projectsQuery.queryKey }),
    onError: (error) => notify({ kind: "error", message: messageOf(error) }),
  });
}

export function ProjectsPage({ onOpen, navigation, notice, actions }: Props) {
  const queries = useQueryClient();
  const list = useQuery(projectsQuery);
  const [query, setQuery] = useState("");
  const [creating, setCreating] = useState(false);
  const [cloning, setCloning] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const action = useBusyAction();
  useCommands(() => [
    { id: "projects.new", title: "projects.new", keys: ["N"], run: () => setCreating(true) },
    { id: "projects.search", title: "projects.search", keys: ["/"], run: () => search.current?.focus() },
    { id: "projects.import", title: "projects.import", run: () => picker.current?.click() },
    { id: "projects.clone", title: "projects.clone.title", run: () => setCloning(true) },
  ]);
  const shown = matching(list.data ?? [], query);
  const refetch = () => void queries.invalidateQueries({ queryKey: projectsQuery.queryKey });
  const importFile = (file: File) =>
    action.mutate({
      message: t("projects.importing", { name: file.name }),
      run: async () => onOpen((await importZip(file)).id),
    });

  return (
    <div className="flex h-full flex-col overflow-y-auto">
      {notice}
      <header className="mx-auto flex w-full max-w-6xl items-center gap-2.5 px-6 pt-5">
        <img src="/icon.svg" alt="" className="size-7" />
        <span className="text-base font-semibold tracking-tight">{t("app.name")}</span>
        {navigation}
        <span className="flex-1" />
        {actions}
      </header>
      <main
        className="mx-auto w-full max-w-6xl flex-1 px-6 pt-10 pb-16"
        onDragOver={(event) => event.preventDefault()}
        onDrop={(event) => {
          event.preventDefault();
          const file = event.dataTransfer.files[0];
          if (file !== undefined) importFile(file);
        }}
      >
        <h1 className="text-2xl font-semibold tracking-tight">{t("projects.title")}</h1>
        <p className="mt-1 text-base text-muted">{t("projects.intro")}</p>
        <div className="mt-6 mb-5 flex flex-wrap gap-2">
          <label className="relative min-w-56 flex-1">
            <span className="sr-only">{t("projects.search")}</span>
            <Search size={15} className="absolute top-2.5 left-3 text-faint" />
            <input
              ref={search}
              type="search"
              value={query}
              placeholder={t("projects.search")}
              onChange={(event) => setQuery(event.target.value)}
              className="h-9 w-full rounded-md border border-line-strong bg-panel pr-3 pl-9 text-sm"
            />
          </label>
          <input
            ref={picker}
            type="file"
            accept=".zip,application/zip"
            className="hidden"
            aria-label={t("projects.importHint")}
            onChange={(event) => {
              const file = event.target.files?.[0];
              event.target.value = "";
              if (file !== undefined) importFile(file);
            }}
          />
          <Menu
            align="end"
            trigger={
              <Button className="h-9" icon={<Upload size={15} />}>
                {t("projects.import")}
              </Button>
            }
            items={[
              { label: t("projects.importZip"), icon: <FileArchive size={14} />, onSelect: () => picker.current?.click() },
              { label: t("projects.importGit"), icon: <GitBranch size={14} />, onSelect: () => setCloning(true) },
            ]}
          />
          <Button className="h-9" tone="primary" icon={<Plus size={16} />} onClick={() => setCreating(true)}>
            {t("projects.new")}
          </Button>
        </div>
        {list.isPending && <Loading label={t("app.loading")} />}
        {list.isError && (
          <EmptyState title={messageOf(list.error)}>
            <Button onClick={refetch}>{t("app.tryAgain")}</Button>
          </EmptyState>
        )}
        {list.isSuccess && shown.length === 0 && (
          <EmptyState
            icon={<FolderOpen size={28} />}
            title={query === "" ? t("projects.none") : t("projects.noMatch", { query })}
          >
            {query === "" && t("projects.noneHint")}
          </EmptyState>
        )}
        <ul className="grid grid-cols-[repeat(auto-fill,minmax(17rem,1fr))] gap-3.5">
          {shown.map((project) => (
            <ProjectCard
              key={project.id}
              project={project}
              onOpen={() => onOpen(project.id)}
              onExport={() => download(exportPath(project.id), `${project.name}.zip`)}
              onLeave={() => void orSayWhy(leaveProject(project.id), refetch)}
              onDelete={() => void deleteWithUndo(project, refetch)}
              onRename={(name) => action.mutate({ message: t("app.loading"), run: () => renameProject(project.id, name) })}
              onDuplicate={() =>
                action.mutate({
                  message: t("projects.duplicating", { name: project.name }),
                  run: () => duplicateProject(project.id, t("projects.copyOf", { name: project.name })),
                })
              }
            />
          ))}
        </ul>
      </main>
      {cloning && <CloneDialog onClose={() => setCloning(false)} onCreated={onOpen} />}
      {creating && <NewProjectDialog open onClose={() => setCreating(false)} onCreated={onOpen} />}
    </div>
  );
}
