import { pageStorage } from "./pageStorage";

/** What text that is typed and not saved yet is kept under, in this browser. */
export const DRAFT_PREFIX = "aimforge.draft:";

function draftKeys(storage: Storage): string[] {
  return Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "").filter((key) => key.startsWith(DRAFT_PREFIX));
}

/** Whether this browser keeps text that no server has. */
export function hasDrafts(storage = pageStorage()): boolean {
  return storage !== undefined && draftKeys(storage).length > 0;
}

/** Forget it: whoever uses this browser next must not read it. Preferences stay. */
export function forgetDrafts(storage = pageStorage()): void {
  if (storage === undefined) return;
  for (const key of draftKeys(storage)) storage.removeItem(key);
}
