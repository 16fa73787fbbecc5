/** Before a run: what runs must be what is seen, or nothing runs. */

import { t } from "@/shared/i18n/i18n";

import type { EditorDocument } from "./editorDocument";

export interface Savable {
  readonly path: string;
  readonly document: Pick<EditorDocument, "save" | "state" | "unsaved">;
}

/** Text that a save brought along while somebody typed on is saved too; whoever types without end is not waited for. */
const MOST_SAVES = 3;

async function saved({ document }: Savable): Promise<boolean> {
  for (let saves = 0; document.unsaved && saves < MOST_SAVES; saves += 1) await document.save();
  if (!document.unsaved || document.state.status !== "ready") return true;
  // Edited: typing went on after the last save. Gone: the flow has no such code anymore, so that it cannot run.
  const { kind } = document.state.save;
  return kind === "edited" || kind === "gone";
}

/** Saves all that is unsaved. Throws, naming the files, when something cannot be saved. */
export async function saveAll(open: readonly Savable[]): Promise<void> {
  const results = await Promise.all(open.map(async (one) => ({ path: one.path, ok: await saved(one) })));
  const failed = results.filter(({ ok }) => !ok).map(({ path }) => path);
  if (failed.length > 0) throw new Error(t("editor.notRun", { files: failed.join(", ") }));
}
