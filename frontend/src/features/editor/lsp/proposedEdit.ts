/** An edit that a server proposes, and whether it still fits the texts: applied to all of its files, or to none. */

import { t } from "@/shared/i18n/i18n";

import type { WorkspaceEdit } from "./protocol";
import { overlap } from "./textEdits";
import { pathOf, uriOf } from "./workspaceUri";

/** Versions of documents by their address; none for a file that a server reads from the disk. */
export type Versions = ReadonlyMap<string, number>;

export interface ProposedEdit {
  readonly edit: WorkspaceEdit;
  /** The versions as the server was asked. */
  readonly asked: Versions;
}

/** What is known of the texts at the moment in which the edit would be applied. */
export interface TextsNow {
  readonly versions: Versions;
  /** Whether the file at this path could be opened. */
  isOpen(path: string): boolean;
  /** Whether it holds text that no server was told of, nor the disk has. */
  isUnsaved(path: string): boolean;
}

/** The files that an edit changes. */
export function pathsOf({ documents }: WorkspaceEdit): string[] {
  return documents.flatMap(({ uri }) => pathOf(uri) ?? []);
}

/** Why an edit is not applied, in words for people; undefined: it can be. Pure. */
export function refusal({ edit, asked }: ProposedEdit, now: TextsNow): string | undefined {
  if (edit.fileOperations.length > 0) return t("editor.editsFiles");
  for (const { uri, version, edits } of edit.documents) {
    const path = pathOf(uri);
    if (path === undefined) return t("editor.editsOutside", { file: uri.slice(uri.lastIndexOf("/") + 1) });
    if (!now.isOpen(path)) return t("editor.editsUnopened", { file: path });
    // Servers may escape an address in another way than it was told to them.
    const key = uriOf(path);
    const known = now.versions.get(key);
    if (known !== (version ?? asked.get(key)) || (known === undefined && now.isUnsaved(path))) return t("editor.changedMeanwhile", { file: path });
    if (overlap(edits)) return t("editor.editsOverlap", { file: path });
  }
  return undefined;
}
