import { ChevronLeft, Code2, Eye, PanelBottom, PanelLeft, PanelRight } from "lucide-react";
import { Link } from "@tanstack/react-router";
import { RunBar } from "@/features/runs/RunBar";
import { ShareButton } from "@/features/sharing/ShareButton";
import { projectPath } from "@/shared/api/paths";
import { messageOf, request } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { useMayEdit, useProject } from "@/shared/project/projectStore";
import { refreshProject } from "@/shared/session/projectSession";
import { IconButton } from "@/shared/ui/Button";
import { Hint } from "@/shared/ui/Hint";
import { Menu } from "@/shared/ui/Menu";
import { notify } from "@/shared/ui/toasts";
import { useWorkspace } from "@/shared/workspace/workspace";
import { AccountActions } from "../people/AccountActions";
import { ShellMenu } from "../shell/ShellMenu";
import { toggleEditor, toggleInspector, toggleLeft, toggleTerminal } from "./useWorkbenchCommands";

async function rename(id: string, name: string): Promise<void> {
  try {
    await request(projectPath(id), { method: "PATCH", json: { name } });
    refreshProject();
  } catch (error) {
    notify({ kind: "error", message: messageOf(error) });
  }
}

function ViewOnly() {
  return (
    <Menu
      items={[]}
      note={t("app.viewOnlyHint")}
      trigger={
        <button
          type="button"
          title={t("app.viewOnlyHint")}
          className="flex h-6 items-center gap-1 rounded-md bg-info-soft px-2 text-xs font-medium whitespace-nowrap text-info"
        >
          <Eye size={13} aria-hidden />
          {t("app.viewOnly")}
        </button>
      }
    />
  );
}

function ProjectName() {
  const mayEdit = useMayEdit();
  const id = useProject((state) => state.id);
  const name = useProject((state) => state.name);
  return (
    <input
      key={name}
      aria-label={t("app.projectName")}
      defaultValue={name}
      maxLength={200}
      readOnly={!mayEdit}
      spellCheck={false}
      className="h-7 max-w-72 min-w-16 truncate rounded-md border border-transparent bg-transparent px-1.5 text-sm font-semibold field-sizing-content hover:border-line-strong"
      onKeyDown={(event) => {
        if (event.key === "Enter") event.currentTarget.blur();
        if (event.key === "Escape") {
          event.currentTarget.value = name;
          event.currentTarget.blur();
        }
      }}
      onBlur={(event) => {
        const wanted = event.target.value.trim();
        if (wanted === "") event.target.value = name;
        else if (wanted !== name) void rename(id, wanted);
      }}
    />
  );
}

/** The name above is a field: for screen readers, it is a heading too. */
function Heading() {
  const name = useProject((state) => state.name);
  return <h1 className="sr-only">{name}</h1>;
}

export function Header() {
  const left = useWorkspace((state) => state.left !== null);
  const right = useWorkspace((state) => state.right);
  const bottom = useWorkspace((state) => state.bottom !== null);
  const editor = useWorkspace((state) => state.editorOpen);
  const mayEdit = useMayEdit();
  return (
    <header data-area="header" className="flex h-11 shrink-0 items-center gap-1.5 border-b border-line bg-panel pr-2 pl-1.5">
      <Hint text={t("app.toProjects")}>
        <Link to="/" aria-label={t("app.toProjects")} className="flex h-8 items-center gap-0.5 rounded-md pr-1.5 text-muted hover:bg-hover hover:text-text">
          <ChevronLeft size={16} />
          <img src="/icon.svg" alt="" className="size-5.5" />
        </Link>
      </Hint>
      <Heading />
      <ProjectName />
      {!mayEdit && <ViewOnly />}
      <span className="flex-1" />
      <RunBar />
      <span className="flex-1" />
      <ShareButton />
      <IconButton label={t("app.toggleLeft")} keys="Mod+B" pressed={left} icon={<PanelLeft size={16} />} onClick={toggleLeft} />
      <IconButton label={t("app.toggleEditor")} keys="Mod+E" pressed={editor} icon={<Code2 size={16} />} onClick={toggleEditor} />
      <IconButton label={t("app.toggleTerminal")} keys="Mod+`" pressed={bottom} icon={<PanelBottom size={16} />} onClick={toggleTerminal} />
      <IconButton label={t("app.toggleInspector")} keys="Mod+Alt+B" pressed={right} icon={<PanelRight size={16} />} onClick={toggleInspector} />
      <span className="mx-1 h-5 w-px bg-line" />
      <ShellMenu />
      <AccountActions />
    </header>
  );
}
