import { useEffect } from "react";
import { t } from "@/shared/i18n/i18n";
import { isModal, isTyping } from "@/shared/keyboard/keys";
import { notify } from "@/shared/ui/toasts";
import { pasteHanded } from "../model/copying";
import { useView } from "../model/view";

async function pasted({ target, clipboardData }: ClipboardEvent): Promise<void> {
  const onCanvas = target instanceof Element && target.closest("[data-scope=canvas]") !== null;
  // A page that was just opened has the focus nowhere: nodes can only be meant for the canvas.
  const nowhere = target === document.body;
  if (clipboardData === null || isTyping(target) || isModal() || !(onCanvas || nowhere)) return;
  const done = await pasteHanded(clipboardData.getData("text/plain"), useView.getState().view?.centre());
  if (!done && onCanvas) notify({ kind: "info", message: t("flow.nothingToPaste") });
}

/** The browser's own `paste` brings the text with it, whereas a page that asks for it may be refused, or has to wait for the focus. */
export function usePasting(): void {
  useEffect(() => {
    const listener = (event: ClipboardEvent) => void pasted(event);
    document.addEventListener("paste", listener);
    return () => document.removeEventListener("paste", listener);
  }, []);
}
