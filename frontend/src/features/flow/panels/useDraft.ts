import { useState, type ChangeEvent, type KeyboardEvent } from "react";

type Field = HTMLInputElement | HTMLTextAreaElement;

/**
 * Props of a text field that is saved when it is left, or with Enter; Escape takes the typing back. What `problemOf` finds
 * fault with (a sentence; empty for none) is not saved: it stays in the field, beside the sentence, until it is put right.
 */
export function useDraft(value: string, save: (value: string) => void, problemOf: (text: string) => string = () => "") {
  const [draft, setDraft] = useState<string | null>(null);
  const changed = draft !== null && draft !== value;
  const error = changed ? problemOf(draft) : "";
  const commit = () => {
    if (error !== "") return;
    if (changed) save(draft);
    setDraft(null);
  };
  return {
    value: draft ?? value,
    error,
    onChange: (event: ChangeEvent<Field>) => setDraft(event.target.value),
    onBlur: commit,
    onKeyDown: (event: KeyboardEvent<Field>) => {
      if (event.key === "Escape") setDraft(null);
      if (event.key === "Enter" && event.currentTarget instanceof HTMLInputElement) commit();
    },
  };
}
