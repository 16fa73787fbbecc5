import { create } from "zustand";
import { messageOf } from "@/shared/api/request";
import { dismiss, notify } from "@/shared/ui/toasts";
import { t } from "@/shared/i18n/i18n";
import { deleteProject } from "./projectApi";

/** How long a deletion can be taken back. Until then the server knows nothing of it. */
const UNDO_MS = 8_000;

/** Projects that are hidden because they will be deleted in a moment. */
export const useDeletions = create<{ ids: ReadonlySet<string> }>()(() => ({ ids: new Set() }));

function setDeleting(id: string, deleting: boolean): void {
  useDeletions.setState((state) => {
    const ids = new Set(state.ids);
    if (deleting) ids.add(id);
    else ids.delete(id);
    return { ids };
  });
}

/** Delete after a while in which it can be undone. Leaving the page before that keeps the project. */
export function deleteLater(id: string, name: string, onDeleted: () => void): void {
  setDeleting(id, true);
  const timer = setTimeout(() => {
    dismiss(toast);
    deleteProject(id)
      .then(onDeleted)
      .catch((error: unknown) => notify({ kind: "error", message: messageOf(error) }))
      .finally(() => setDeleting(id, false));
  }, UNDO_MS);
  const undo = () => {
    clearTimeout(timer);
    setDeleting(id, false);
  };
  const toast = notify({
    kind: "info",
    message: t("projects.deleted", { name }),
    action: { label: t("app.undo"), run: undo },
    lastsMs: UNDO_MS,
  });
}
