import { Copy, Download, Ellipsis, LogOut, Pencil, Trash2, Users } from "lucide-react";
import { useState } from "react";
import { t } from "@/shared/i18n/i18n";
import { IconButton } from "@/shared/ui/Button";
import { Menu, type MenuItems } from "@/shared/ui/Menu";
import { relativeTime } from "@/shared/ui/relativeTime";
import { SandboxBadge } from "@/shared/ui/SandboxBadge";
import type { ProjectSummary } from "@/wire/control";

interface Props {
  project: ProjectSummary;
  onOpen: () => void;
  onRename: (name: string) => void;
  onDuplicate: () => void;
  onExport: () => void;
  onDelete: () => void;
  /** Give the share in somebody else's project back. */
  onLeave: () => void;
}

export function ProjectCard({ project, onOpen, onRename, onDuplicate, onExport, onDelete, onLeave }: Props) {
  const [renaming, setRenaming] = useState(false);
  const items: MenuItems = [
    ...(project.share === "viewer"
      ? []
      : [{ label: t("projects.rename"), icon: <Pencil size={14} />, onSelect: () => setRenaming(true) }]),
    { label: t("projects.duplicate"), icon: <Copy size={14} />, onSelect: onDuplicate },
    { label: t("projects.export"), icon: <Download size={14} />, onSelect: onExport },
    "-",
    project.share === "owner"
      ? { label: t("projects.delete"), icon: <Trash2 size={14} />, danger: true, onSelect: onDelete }
      : { label: t("projects.leave"), icon: <LogOut size={14} />, danger: true, onSelect: onLeave },
  ];
  const finish = (name: string) => {
    setRenaming(false);
    if (name.trim() !== "" && name.trim() !== project.name) onRename(name.trim());
  };
  return (
    <li className="group relative flex flex-col gap-3 rounded-xl border border-line bg-panel p-4 shadow-card transition-colors focus-within:border-line-strong hover:border-line-strong">
      <div className="flex items-start gap-2">
        {renaming ? (
          <input
            autoFocus
            aria-label={t("projects.name")}
            defaultValue={project.name}
            className="h-7 min-w-0 flex-1 rounded-md border border-line-strong bg-base px-2"
            onFocus={(event) => event.target.select()}
            onBlur={(event) => finish(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter") finish(event.currentTarget.value);
              if (event.key === "Escape") setRenaming(false);
            }}
          />
        ) : (
          <h2 className="min-w-0 flex-1 text-base font-semibold">
            <a
              href={`/project/${project.id}`}
              title={project.name}
              className="line-clamp-2 wrap-anywhere after:absolute after:inset-0 after:rounded-xl"
              onClick={(event) => {
                if (event.metaKey || event.ctrlKey) return;
                event.preventDefault();
                onOpen();
              }}
            >
              {project.name}
            </a>
          </h2>
        )}
        <span className="relative z-10 -mt-1 -mr-1.5">
          <Menu
            align="end"
            items={items}
            trigger={<IconButton label={t("projects.actions", { name: project.name })} icon={<Ellipsis size={16} />} />}
          />
        </span>
      </div>
      {project.share !== "owner" && (
        <p className="-mt-2 flex items-center gap-1.5 text-xs text-info">
          <Users size={13} aria-hidden className="shrink-0" />
          <span className="truncate">{t(`projects.shared.${project.share}`, { name: project.ownerName })}</span>
        </p>
      )}
      {project.description !== "" && <p className="line-clamp-2 text-xs text-muted">{project.description}</p>}
      <div className="mt-auto flex items-center justify-between border-t border-line pt-3">
        <SandboxBadge state={project.sandbox} />
        <span className="text-xs text-faint">
          {project.openedAt > 0
            ? t("projects.opened", { when: relativeTime(project.openedAt) })
            : t("projects.neverOpened")}
        </span>
      </div>
    </li>
  );
}
