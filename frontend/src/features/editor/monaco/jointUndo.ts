/** A rename changes several texts at once: one undo in the text that it began in takes it back in all of them, one redo makes it again. */

import { t } from "@/shared/i18n/i18n";
import { notify } from "@/shared/ui/toasts";

/** Of a Monaco model, what this needs. Undo and redo lead to the alternative version that was there before. */
export interface UndoableText {
  readonly path: string;
  getAlternativeVersionId(): number;
  isDisposed(): boolean;
  undo(): void | Promise<void>;
  redo(): void | Promise<void>;
  onDidChangeContent(listener: (event: { readonly isUndoing: boolean; readonly isRedoing: boolean }) => void): { dispose(): void };
}

interface Part {
  readonly text: UndoableText;
  readonly before: number;
  readonly after: number;
}

const awaited = new Map<string, { dispose(): void }>();

/**
 * The next change of `origin` may be one of `others` too, made in one go with it: then they are undone together. Nothing
 * happens if it is another change, as when the edit is given up.
 */
export function joinNextEdit(origin: UndoableText, others: readonly UndoableText[]): void {
  awaited.get(origin.path)?.dispose();
  if (others.length === 0) return;
  const before = [origin, ...others].map((text) => ({ text, before: text.getAlternativeVersionId() }));
  const listener = origin.onDidChangeContent(() => {
    listener.dispose();
    awaited.delete(origin.path);
    // The others are changed by the same loop: when it has ended, all of them have been.
    queueMicrotask(() => {
      const [first, ...rest] = before.map((part): Part => ({ ...part, after: part.text.getAlternativeVersionId() }));
      const changed = rest.filter((part) => part.after !== part.before);
      if (first !== undefined && changed.length > 0) join(first, changed);
    });
  });
  awaited.set(origin.path, listener);
}

function join(origin: Part, others: readonly Part[]): void {
  let made = true;
  origin.text.onDidChangeContent(({ isUndoing, isRedoing }) => {
    const at = origin.text.getAlternativeVersionId();
    const undone = made && isUndoing && at === origin.before;
    const redone = !made && isRedoing && at === origin.after;
    // Not in the middle of that step: Monaco takes one at a time.
    if (undone || redone) queueMicrotask(() => (made = follow(others, undone) ? redone : made));
  });
}

/** Take the step back in all of the others, or make it again; in none of them if one has changed since. Returns whether it was done. */
function follow(others: readonly Part[], back: boolean): boolean {
  const left = others.filter(({ text, before, after }) => text.isDisposed() || text.getAlternativeVersionId() !== (back ? before : after));
  const changed = left.filter(({ text, before, after }) => text.isDisposed() || text.getAlternativeVersionId() !== (back ? after : before));
  if (changed.length > 0) {
    const files = changed.map(({ text }) => text.path).join(", ");
    notify({ kind: "info", message: t(back ? "editor.notUndoneElsewhere" : "editor.notRedoneElsewhere", { files }) });
    return false;
  }
  for (const { text } of left) void (back ? text.undo() : text.redo());
  if (left.length > 0) notify({ kind: "ok", message: t(back ? "editor.undoneElsewhere" : "editor.redoneElsewhere", { count: left.length }) });
  return true;
}
