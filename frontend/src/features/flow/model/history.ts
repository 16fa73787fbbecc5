import { create } from "zustand";
import { inverse, isEmpty, merged, type Edit } from "@/shared/project/document";
import { t } from "@/shared/i18n/i18n";
import { mayEdit } from "@/shared/project/projectStore";
import { notify } from "@/shared/ui/toasts";
import { submitEdit } from "@/shared/session/projectSession";

/** A step as undo sees it; `parts` are the steps that were saved one by one. */
interface Entry {
  edit: Edit;
  parts: readonly Edit[];
  at: number;
}

interface History {
  done: readonly Entry[];
  undone: readonly Entry[];
}

const MAX_ENTRIES = 200;
/** Steps with the same key, closer than this, are one. */
const MERGE_MS = 900;

export const useHistory = create<History>()(() => ({ done: [], undone: [] }));

/** Whoever may only look is told so, before a step is shown that the server would refuse. */
function refusedToViewer(): boolean {
  if (mayEdit()) return false;
  notify({ kind: "info", message: t("app.viewOnlyRefused") });
  return true;
}

/** Take a step: shown at once, saved, and remembered for undo. */
export function perform(edit: Edit, now = Date.now()): void {
  if (isEmpty(edit) || refusedToViewer()) return;
  submitEdit(edit);
  useHistory.setState(({ done }) => {
    const last = done.at(-1);
    const joins = last !== undefined && edit.mergeKey !== undefined && last.edit.mergeKey === edit.mergeKey;
    if (joins && now - last.at < MERGE_MS) {
      const entry = { edit: merged(last.edit, edit), parts: [...last.parts, edit], at: now };
      return { done: [...done.slice(0, -1), entry], undone: [] };
    }
    return { done: [...done.slice(1 - MAX_ENTRIES), { edit, parts: [edit], at: now }], undone: [] };
  });
}

function step(from: keyof History, to: keyof History): Edit | null {
  const state = useHistory.getState();
  const entry = state[from].at(-1);
  if (entry === undefined) return null;
  const edit = inverse(entry.edit);
  submitEdit(edit);
  useHistory.setState({
    [from]: state[from].slice(0, -1),
    [to]: [...state[to], { edit, parts: [edit], at: 0 }],
  });
  return edit;
}

/** Take the last step back; null when there is none. */
export function undo(): Edit | null {
  return step("done", "undone");
}

export function redo(): Edit | null {
  return step("undone", "done");
}

/** The server refused a step: it cannot be undone, since it never was. */
export function forgetEdit(edit: Edit): void {
  useHistory.setState(({ done, undone }) => ({
    done: done.filter((entry) => !entry.parts.includes(edit)),
    undone: undone.filter((entry) => !entry.parts.includes(edit)),
  }));
}

export function resetHistory(): void {
  useHistory.setState({ done: [], undone: [] });
}
