import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { nodeByFile } from "@/shared/project/projectStore";
import { download as save } from "@/shared/ui/download";
import { notify } from "@/shared/ui/toasts";
import { openFile, openNode, showTab } from "@/shared/workspace/workspace";
import type { Entry } from "@/wire/generated";

import { deleteEntry, downloadUrl, renameEntry } from "./filesApi";
import { movesInto, nameOf } from "./paths";

/** A node's file is opened as the node. Devices and sockets are listed, never opened. `quietly`: the focus stays where it is. */
export function openEntry(entry: Entry, quietly = false): void {
  if (entry.kind === "folder") return;
  if (entry.kind === "special") {
    notify({ kind: "info", message: t("files.special", { name: entry.name }) });
    return;
  }
  const node = nodeByFile(entry.path);
  if (quietly) showTab(node === undefined ? { kind: "file", path: entry.path } : { kind: "node", nodeId: node.id });
  else if (node === undefined) openFile(entry.path);
  else openNode(node.id);
}

export function download(projectId: string, entry: Entry): void {
  save(downloadUrl(projectId, entry), entry.kind === "folder" ? `${nameOf(entry.path)}.zip` : nameOf(entry.path));
}

/** Does one thing after the other and tells the first that did not work; the rest is left as it is. */
export async function inTurn(actions: readonly (() => Promise<void>)[]): Promise<boolean> {
  try {
    for (const action of actions) await action();
    return true;
  } catch (error) {
    notify({ kind: "error", message: messageOf(error) });
    return false;
  }
}

export function moveInto(projectId: string, folder: string, paths: readonly string[]): Promise<boolean> {
  return inTurn(movesInto(folder, paths).map(({ source, target }) => () => renameEntry(projectId, source, target)));
}

export function deleteAll(projectId: string, paths: readonly string[]): Promise<boolean> {
  return inTurn(paths.map((path) => () => deleteEntry(projectId, path)));
}
