import { useState } from "react";
import { focusWhenOn } from "@/shared/keyboard/keptFocus";

/** What has the focus now; for an item of a menu, which goes with the menu, what opened that. */
function opener(): HTMLElement | null {
  const at = document.activeElement;
  const menu = at?.closest("[role=menu]") ?? null;
  const found = menu === null ? at : document.getElementById(menu.getAttribute("aria-labelledby") ?? "");
  return found instanceof HTMLElement ? found : null;
}

/**
 * For the contents of a dialog: gives the focus back to what had it before. Known before a field in it takes the focus,
 * which the dialog itself would see first; who works by keys would be at the top of the page otherwise.
 */
export function useFocusReturn(): { onCloseAutoFocus: (event: Event) => void } {
  const [back] = useState(opener);
  return {
    onCloseAutoFocus: (event) => {
      event.preventDefault();
      // What was done in it may have put the focus somewhere else.
      if (back !== null && (document.activeElement === null || document.activeElement === document.body)) focusWhenOn(back);
    },
  };
}
