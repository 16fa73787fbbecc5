import {
  asyncDataLoaderFeature,
  dragAndDropFeature,
  hotkeysCoreFeature,
  renamingFeature,
  selectionFeature,
  type ItemInstance,
  type TreeInstance,
} from "@headless-tree/core";
import { useTree } from "@headless-tree/react";
import { useEffectEvent, useLayoutEffect, useRef, useState } from "react";

import { messageOf } from "@/shared/api/request";
import { useEvent, useReload } from "@/shared/session/session";
import type { Entry } from "@/wire/generated";

import { moveInto, openEntry } from "./fileActions";
import { listFolder, renameEntry } from "./filesApi";
import { folderOf, foldersToRead, joined } from "./paths";

/** The tree's own name for the workspace: an empty id would be taken for none. */
export const ROOT = "/";

const LOADING: Entry = { name: "…", path: "", kind: "file", size: 0, modified: 0, etag: "" };

export function pathOfItem(id: string): string {
  return id === ROOT ? "" : id;
}

function idOf(path: string): string {
  return path === "" ? ROOT : path;
}

/** What nobody opens: the product's own folder and caches of Python. Shown on demand. */
export function isHidden(name: string): boolean {
  return name === ".aimforge" || name === "__pycache__" || name === ".venv" || name === ".git";
}

function inOrder(a: Entry, b: Entry): number {
  const folders = Number(b.kind === "folder") - Number(a.kind === "folder");
  return folders === 0 ? a.name.localeCompare(b.name, undefined, { numeric: true }) : folders;
}

/** The folder that a drop on this item means. */
export function folderAt(item: ItemInstance<Entry>): string {
  return item.isFolder() ? pathOfItem(item.getId()) : folderOf(item.getId());
}

export interface FileTreeState {
  tree: TreeInstance<Entry>;
  /** Why the workspace could not be read. */
  error: string | null;
  /** Whether a folder holds more than the list shows. */
  truncated: boolean;
  reload: (folder?: string) => void;
}

export interface FileTreeOptions {
  projectId: string;
  showHidden: boolean;
  /** Whether entries can be moved and files dropped. */
  mayEdit: boolean;
  onRename: (path: string, name: string) => string | undefined;
  onFault: (message: string) => void;
  onUpload: (folder: string, files: readonly File[]) => void;
}

/** The workspace as a tree: folders are read when they open, and again when something in them changes. */
export function useFileTree({ projectId, showHidden, mayEdit, onRename, onFault, onUpload }: FileTreeOptions): FileTreeState {
  const [error, setError] = useState<string | null>(null);
  const [truncated, setTruncated] = useState(false);
  const read = useRef<Set<string>>(new Set());

  const children = async (id: string) => {
    try {
      const path = pathOfItem(id);
      const listing = await listFolder(projectId, path);
      read.current.add(path);
      if (path === "") setError(null);
      if (listing.truncated) setTruncated(true);
      const shown = listing.entries.filter(({ name }) => showHidden || !isHidden(name));
      return shown.sort(inOrder).map((entry) => ({ id: entry.path, data: entry }));
    } catch (reason) {
      if (id === ROOT) setError(messageOf(reason));
      else onFault(messageOf(reason));
      return [];
    }
  };

  const tree = useTree<Entry>({
    rootItemId: ROOT,
    getItemName: (item) => item.getItemData().name,
    isItemFolder: (item) => item.getId() === ROOT || item.getItemData().kind === "folder",
    createLoadingItemData: () => LOADING,
    dataLoader: {
      getItem: (id) => ({ ...LOADING, name: id, path: pathOfItem(id), kind: id === ROOT ? "folder" : "file" }),
      getChildrenWithData: children,
    },
    indent: 14,
    features: [asyncDataLoaderFeature, selectionFeature, hotkeysCoreFeature, dragAndDropFeature, renamingFeature],
    canReorder: false,
    openOnDropDelay: 700,
    onPrimaryAction: (item) => openEntry(item.getItemData(), true),
    onRename: (item, name) => {
      const path = item.getId();
      const fault = onRename(path, name);
      if (fault !== undefined) onFault(fault);
      else if (name !== item.getItemName()) {
        const renamed = joined(folderOf(path), name);
        renameEntry(projectId, path, renamed)
          .then(() => tree.getItemInstance(idOf(folderOf(path))).invalidateChildrenIds(true))
          .then(
            () => goTo(renamed),
            (reason: unknown) => onFault(messageOf(reason)),
          );
      }
    },
    canRename: () => mayEdit,
    canDrag: () => mayEdit,
    canDrop: (items, { item }) => mayEdit && items.every((dragged) => dragged.getId() !== item.getId()),
    onDrop: async (items, { item }) => {
      const paths = items.map((dragged) => dragged.getId());
      await moveInto(projectId, folderAt(item), paths);
      for (const folder of new Set([folderAt(item), ...paths.map(folderOf)])) reload(folder);
    },
    canDragForeignDragObjectOver: (transfer) => mayEdit && transfer.types.includes("Files"),
    canDropForeignDragObject: (transfer) => mayEdit && transfer.files.length > 0,
    onDropForeignDragObject: (transfer, { item }) => onUpload(folderAt(item), [...transfer.files]),
  });

  /** The line of an entry becomes the one that keys mean; it gets the focus if the tree has it. */
  const goTo = (path: string) => {
    const within = tree.getElement()?.contains(document.activeElement) === true;
    tree.getItemInstance(path).setFocused();
    if (within) tree.updateDomFocus();
  };

  // Its entry was deleted, moved, or folded away: keys go on with the folder that held it, or with what stands in its place.
  const items = tree.getItems();
  const { focusedItem } = tree.getState();
  const at = items.findIndex((item) => item.getId() === focusedItem);
  const wasAt = useRef(0);
  const moveOn = useEffectEvent(() => {
    const next = items.find((item) => item.getId() === folderOf(focusedItem ?? "")) ?? items[Math.min(wasAt.current, items.length - 1)];
    if (next !== undefined) goTo(next.getId());
  });
  const gone = focusedItem !== null && at < 0 && items.length > 0;
  // Before anything is painted: until then nothing in the tree could take the focus.
  useLayoutEffect(() => {
    if (gone) moveOn();
    else if (at >= 0) wasAt.current = at;
  }, [gone, at]);

  const reload = (folder?: string) => {
    const folders = folder === undefined ? [...read.current] : foldersToRead([joined(folder, "x")], read.current);
    // Before the first reading there is nothing to read again, except the workspace itself.
    for (const path of folders.length === 0 && folder === undefined ? [""] : folders) {
      void tree.getItemInstance(idOf(path)).invalidateChildrenIds(true);
    }
  };
  useEvent("files_changed", ({ data }) => {
    if (data.overflow) {
      reload();
      return;
    }
    for (const path of foldersToRead([...data.changed, ...data.deleted], read.current)) {
      void tree.getItemInstance(idOf(path)).invalidateChildrenIds(true);
    }
  });
  useReload(() => reload());
  return { tree, error, truncated, reload };
}
