import { useState, type ChangeEvent, type KeyboardEvent } from "react";

type Field = HTMLInputElement | HTMLTextAreaElement;

/** Props of a text field that is saved when it is left, or with Enter; Escape takes the typing back. */
export function useDraft(value: string, save: (value: string) => void) {
  const [draft, setDraft] = useState<string | null>(null);
  const commit = () => {
    if (draft !== null && draft !== value) save(draft);
    setDraft(null);
  };
  return {
    value: draft ?? value,
    onChange: (event: ChangeEvent<Field>) => setDraft(event.target.value),
    onBlur: commit,
    onKeyDown: (event: KeyboardEvent<Field>) => {
      if (event.key === "Escape") setDraft(null);
      if (event.key === "Enter" && event.currentTarget instanceof HTMLInputElement) commit();
    },
  };
}
