import type { ItemInstance } from "@headless-tree/core";
import { ChevronRight, File, FileCode2, Folder, FolderOpen, Link2, LoaderCircle } from "lucide-react";

import { t } from "@/shared/i18n/i18n";
import { ContextMenu, type MenuItems } from "@/shared/ui/Menu";
import { nodeByFile } from "@/shared/project/projectStore";
import type { Entry } from "@/wire/generated";

function Icon({ item }: { item: ItemInstance<Entry> }) {
  const { kind, path } = item.getItemData();
  if (item.isLoading()) return <LoaderCircle size={14} className="animate-spin" />;
  if (item.isFolder()) return item.isExpanded() ? <FolderOpen size={14} /> : <Folder size={14} />;
  if (kind === "symlink") return <Link2 size={14} />;
  return path.endsWith(".py") ? <FileCode2 size={14} className="text-code" /> : <File size={14} />;
}

interface FileRowProps {
  item: ItemInstance<Entry>;
  menu: () => MenuItems;
  cut: boolean;
  /** A double click; a single one opens too, and leaves the focus here. */
  onOpen: () => void;
}

/** One line of the tree. Roles and keys come from the tree. */
export function FileRow({ item, menu, cut, onOpen }: FileRowProps) {
  const entry = item.getItemData();
  const selected = item.isSelected();
  const node = item.isFolder() ? undefined : nodeByFile(entry.path);
  const indent = { paddingLeft: `${item.getItemMeta().level * 14 + 6}px` };
  const tone = item.isUnorderedDragTarget() ? "bg-accent-soft" : selected ? "bg-hover" : "hover:bg-hover/60";
  if (item.isRenaming()) {
    return (
      <div className="flex h-6.5 items-center gap-1.5 pr-2 pointer-coarse:h-10" style={indent}>
        <span className="w-3.5" />
        <Icon item={item} />
        <input
          {...item.getRenameInputProps()}
          aria-label={t("files.name")}
          onFocus={({ target }) => {
            const dot = entry.name.lastIndexOf(".");
            target.setSelectionRange(0, dot > 0 ? dot : entry.name.length);
          }}
          className="h-5.5 min-w-0 flex-1 pointer-coarse:h-8 rounded-sm border border-line-strong bg-base px-1 text-sm"
        />
      </div>
    );
  }
  return (
    <ContextMenu items={menu()}>
      <div
        {...item.getProps()}
        onDoubleClick={onOpen}
        data-path={entry.path}
        className={`flex h-6.5 cursor-default items-center gap-1.5 pr-2 text-sm pointer-coarse:h-10 outline-offset-[-2px] select-none ${tone} ${cut ? "opacity-50" : ""}`}
        style={indent}
      >
        <span className="w-3.5 shrink-0 text-faint">
          {item.isFolder() && <ChevronRight size={14} className={`transition-transform ${item.isExpanded() ? "rotate-90" : ""}`} />}
        </span>
        <span className="shrink-0 text-faint" aria-hidden>
          <Icon item={item} />
        </span>
        <span className="truncate">{entry.name}</span>
        {node !== undefined && <span className="truncate text-xs text-faint">{node.title}</span>}
      </div>
    </ContextMenu>
  );
}
