import { create } from "zustand";

import type { DocumentState } from "./editorDocument";

/** State of each document by its tab key, for the views. Only the project's documents write it. */
export const useDocumentStates = create<{ states: ReadonlyMap<string, DocumentState> }>()(() => ({ states: new Map() }));

export function tellDocumentState(key: string, state: DocumentState | undefined): void {
  useDocumentStates.setState(({ states }) => {
    const next = new Map(states);
    if (state === undefined) next.delete(key);
    else next.set(key, state);
    return { states: next };
  });
}

export function useDocumentState(key: string | null): DocumentState | undefined {
  return useDocumentStates((store) => (key === null ? undefined : store.states.get(key)));
}
