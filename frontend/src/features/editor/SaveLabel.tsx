import { t } from "@/shared/i18n/i18n";

import { useDocumentState } from "./documents/documentStates";
import type { SaveState } from "./documents/editorDocument";

const TONES: Record<SaveState["kind"], string> = {
  saved: "text-faint",
  edited: "text-faint",
  saving: "text-faint",
  failed: "text-bad",
  conflict: "text-warn",
  gone: "text-warn",
};

function words(save: SaveState): string {
  switch (save.kind) {
    case "saved":
      return t("editor.state.saved");
    case "edited":
      return t("editor.state.edited");
    case "saving":
      return t("editor.state.saving");
    case "failed":
      return t("editor.state.failed");
    case "conflict":
      return t("editor.state.conflict");
    case "gone":
      return t("editor.state.gone");
  }
}

/** Whether the text is saved, in a word. Read out only when something is wrong: autosave would talk all the time. */
export function SaveLabel({ tabKey }: { tabKey: string | null }) {
  const state = useDocumentState(tabKey);
  if (state?.status !== "ready") return null;
  const { save } = state;
  const calm = save.kind === "saved" || save.kind === "edited" || save.kind === "saving";
  return (
    <span className={`px-1.5 text-xs whitespace-nowrap ${TONES[save.kind]}`} data-save={save.kind} aria-live={calm ? "off" : "polite"}>
      {words(save)}
    </span>
  );
}
