import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { Ellipsis, Eye, FilePlus2, FolderPlus, FolderTree, RefreshCw, Upload as UploadIcon } from "lucide-react";
import type { ItemInstance } from "@headless-tree/core";
import { useEffect, useEffectEvent, useRef, useState, type KeyboardEvent } from "react";

import { t } from "@/shared/i18n/i18n";
import { useMayEdit, useProject } from "@/shared/project/projectStore";
import { Button, IconButton } from "@/shared/ui/Button";
import { Menu, type MenuItems } from "@/shared/ui/Menu";
import { EmptyState } from "@/shared/ui/states";
import { notify } from "@/shared/ui/toasts";
import { useRowHeight } from "@/shared/ui/useRowHeight";
import type { Entry } from "@/wire/generated";

import { deleteAll, download, inTurn, moveInto, openEntry } from "./fileActions";
import { DeleteDialog, faultText, NewEntryDialog, type NewEntry } from "./FileDialogs";
import { FileRow } from "./FileRow";
import { makeFile, makeFolder, sendFile } from "./filesApi";
import { folderOf, joined } from "./paths";
import { UploadQueue, type Upload } from "./uploadQueue";
import { Uploads } from "./Uploads";
import { folderAt, useFileTree } from "./useFileTree";

function useUploads(projectId: string) {
  const [uploads, setUploads] = useState<readonly Upload[]>([]);
  const queue = useRef<UploadQueue<File> | null>(null);
  useEffect(() => {
    const created = new UploadQueue<File>(sendFile(projectId), setUploads);
    queue.current = created;
    return () => created.dispose();
  }, [projectId]);
  return { uploads, queue };
}

function fault(message: string): void {
  notify({ kind: "error", message });
}

const ROW = 26;

/** The files of the workspace. */
export function FileTree() {
  const projectId = useProject((state) => state.id);
  // Another project is another tree: nothing of the old one may be left in it.
  return projectId === "" ? null : <Tree key={projectId} projectId={projectId} />;
}

function Tree({ projectId }: { projectId: string }) {
  const mayEdit = useMayEdit();
  const [showHidden, setShowHidden] = useState(false);
  const [making, setMaking] = useState<NewEntry | null>(null);
  const [deleting, setDeleting] = useState<readonly string[]>([]);
  const [cut, setCut] = useState<readonly string[]>([]);
  const { uploads, queue } = useUploads(projectId);
  const scroller = useRef<HTMLDivElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const pickedFolder = useRef("");

  const upload = (folder: string, files: readonly File[]) => {
    for (const file of files) queue.current?.add(joined(folder, file.name), file);
  };
  const siblings = (folder: string) => tree.getItems().map((item) => item.getItemData()).filter(({ path }) => folderOf(path) === folder);
  const names = (folder: string) => siblings(folder).map(({ name }) => name);
  const { tree, error, truncated, reload } = useFileTree({
    projectId,
    showHidden,
    mayEdit,
    onRename: (path, name) => faultText(name, names(folderOf(path)).filter((other) => other !== path.slice(path.lastIndexOf("/") + 1))),
    onFault: fault,
    onUpload: upload,
  });
  const first = useRef(true);
  const readAgain = useEffectEvent(() => reload());
  useEffect(() => {
    if (first.current) first.current = false;
    else readAgain();
  }, [showHidden]);

  const items = tree.getItems();
  const focused = tree.getState().focusedItem;
  const focusedIndex = items.findIndex((item) => item.getId() === focused);
  const rowHeight = useRowHeight(ROW);
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    // What Tab leads to is there, however far it is scrolled away.
    rangeExtractor: (range) => [...new Set([...defaultRangeExtractor(range), Math.max(0, focusedIndex)])],
  });
  useEffect(() => rows.measure(), [rows, rowHeight]);
  useEffect(() => {
    if (focusedIndex >= 0) rows.scrollToIndex(focusedIndex);
  }, [focusedIndex, rows]);

  const current = items[focusedIndex];
  const here = () => (current === undefined ? "" : folderAt(current));
  const chosen = (): string[] => {
    const selected = tree.getSelectedItems().map((item) => item.getId());
    return selected.length > 0 ? selected : current === undefined ? [] : [current.getId()];
  };
  const make = (kind: NewEntry["kind"], folder = here()) => setMaking({ kind, folder, siblings: names(folder) });
  const pick = (folder = here()) => {
    pickedFolder.current = folder;
    picker.current?.click();
  };
  const paste = (folder: string) => {
    setCut([]);
    void moveInto(projectId, folder, cut).then(() => [folder, ...cut.map(folderOf)].forEach((path) => reload(path)));
  };
  const remove = () => {
    setDeleting([]);
    void deleteAll(projectId, deleting).then(() => deleting.map(folderOf).forEach((path) => reload(path)));
  };
  const menuOf = (item: ItemInstance<Entry>): MenuItems => {
    const [entry, folder] = [item.getItemData(), folderAt(item)];
    return [
      ...(entry.kind === "folder" ? [] : [{ label: t("files.open"), onSelect: () => openEntry(entry) }]),
      { label: t("files.newFile"), disabled: !mayEdit, onSelect: () => make("file", folder) },
      { label: t("files.newFolder"), disabled: !mayEdit, onSelect: () => make("folder", folder) },
      { label: t("files.uploadHere"), disabled: !mayEdit, onSelect: () => pick(folder) },
      "-",
      { label: t("files.rename"), keys: "F2", disabled: !mayEdit, onSelect: () => item.startRenaming() },
      { label: t("files.cut"), keys: "Mod+X", disabled: !mayEdit, onSelect: () => setCut([entry.path]) },
      { label: t("files.paste"), keys: "Mod+V", disabled: !mayEdit || cut.length === 0, onSelect: () => paste(folder) },
      { label: t("files.download"), onSelect: () => download(projectId, entry) },
      "-",
      { label: t("files.delete"), keys: "Delete", danger: true, disabled: !mayEdit, onSelect: () => setDeleting([entry.path]) },
    ];
  };
  const enter = () => {
    if (current === undefined) return;
    if (!current.isFolder()) openEntry(current.getItemData());
    else if (current.isExpanded()) current.collapse();
    else current.expand();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement) return;
    const modified = event.ctrlKey || event.metaKey;
    if (event.key === "Enter") enter();
    else if (!mayEdit) return;
    else if (event.key === "Delete") setDeleting(chosen());
    else if (modified && event.key === "x") setCut(chosen());
    else if (modified && event.key === "v" && cut.length > 0) paste(here());
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <section aria-label={t("files.title")} data-scope="files" className="flex h-full min-h-0 flex-col">
      <header className="flex h-9 shrink-0 items-center gap-0.5 px-2">
        <h2 className="flex-1 text-xs font-medium text-muted">{t("files.title")}</h2>
        <IconButton small label={t("files.newFile")} icon={<FilePlus2 size={15} />} disabled={!mayEdit} onClick={() => make("file")} />
        <IconButton small label={t("files.newFolder")} icon={<FolderPlus size={15} />} disabled={!mayEdit} onClick={() => make("folder")} />
        <IconButton small label={t("files.upload")} icon={<UploadIcon size={15} />} disabled={!mayEdit} onClick={() => pick()} />
        <IconButton small label={t("files.hidden")} pressed={showHidden} icon={<Eye size={15} />} onClick={() => setShowHidden(!showHidden)} />
        <IconButton small label={t("files.reload")} icon={<RefreshCw size={14} />} onClick={() => reload()} />
        <Menu
          align="end"
          items={current === undefined ? [] : menuOf(current)}
          trigger={
            <IconButton
              small
              label={current === undefined ? t("app.more") : t("files.actions", { name: current.getItemName() })}
              icon={<Ellipsis size={15} />}
              disabled={current === undefined}
            />
          }
        />
      </header>
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        aria-label={t("files.upload")}
        onChange={(event) => {
          upload(pickedFolder.current, [...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
      {error !== null && (
        <EmptyState icon={<FolderTree size={26} />} title={t("files.loadFailed")}>
          <p className="mb-3">{error}</p>
          <Button onClick={() => reload()}>{t("app.tryAgain")}</Button>
        </EmptyState>
      )}
      {error === null && items.length === 0 && !tree.getItemInstance("/").isLoading() && (
        <EmptyState icon={<FolderTree size={26} />} title={t("files.empty")}>
          {t("files.emptyHint")}
        </EmptyState>
      )}
      <div
        ref={scroller}
        className={`min-h-0 overflow-auto ${error === null && items.length > 0 ? "flex-1" : ""}`}
        onKeyDown={onKeyDown}
        onDragOver={(event) => mayEdit && event.dataTransfer.types.includes("Files") && event.preventDefault()}
        onDrop={(event) => {
          // A drop on a row was taken by the row; the empty space below means the workspace itself.
          if (!mayEdit || event.defaultPrevented || event.dataTransfer.files.length === 0) return;
          event.preventDefault();
          upload("", [...event.dataTransfer.files]);
        }}
      >
        <div {...tree.getContainerProps(t("files.title"))} className="relative min-h-full outline-none" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map(({ index, start }) => {
            const item = items[index];
            if (item === undefined) return null;
            return (
              <div key={item.getKey()} role="presentation" className="absolute inset-x-0" style={{ transform: `translateY(${start}px)` }}>
                <FileRow
                  item={item}
                  cut={cut.includes(item.getId())}
                  menu={() => menuOf(item)}
                  onOpen={() => openEntry(item.getItemData())}
                />
              </div>
            );
          })}
        </div>
      </div>
      {truncated && <p className="shrink-0 px-3 py-1 text-xs text-warn">{t("files.truncated")}</p>}
      <Uploads
        uploads={uploads}
        onAgain={(id, overwrite) => queue.current?.again(id, overwrite)}
        onRemove={(id) => queue.current?.remove(id)}
        onTidy={() => queue.current?.tidy()}
      />
      {making !== null && (
        <NewEntryDialog
          entry={making}
          onClose={() => setMaking(null)}
          onMake={(name) => {
            const { kind, folder } = making;
            const path = joined(folder, name);
            setMaking(null);
            void inTurn([() => (kind === "file" ? makeFile(projectId, path) : makeFolder(projectId, path))]).then((made) => {
              reload(folder);
              if (made && kind === "file") openEntry({ name, path, kind: "file", size: 0, modified: 0, etag: "" });
            });
          }}
        />
      )}
      {deleting.length > 0 && <DeleteDialog paths={deleting} onClose={() => setDeleting([])} onDelete={remove} />}
    </section>
  );
}
