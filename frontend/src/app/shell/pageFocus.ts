import type { router } from "../router";

/** What the new page has to show first; a dialog over it has a heading of its own. */
function heading(): HTMLElement | null {
  return [...document.querySelectorAll("h1")].find((title) => title.closest("[role=dialog]") === null) ?? null;
}

/**
 * A page that is gone to takes the focus: who works by keys or by ear would be at the top of the browser's page otherwise,
 * without a word. It goes to the link that led here where the new page has it too (a row of tabs), and to its heading
 * where not. A project's workbench has ways of its own. Returns what ends it.
 */
export function focusPages({ subscribe }: Pick<typeof router, "subscribe">): () => void {
  let followed = "";
  let late: MutationObserver | undefined;
  const settle = () => {
    late?.disconnect();
    late = undefined;
  };
  const take = (): boolean => {
    if (document.activeElement !== document.body) return true;
    const link = [...document.querySelectorAll<HTMLAnchorElement>("nav a[href]")].find(({ pathname }) => pathname === followed);
    const title = heading();
    const place = link ?? title;
    if (title === null || place === null) return false;
    if (place === title) title.tabIndex = -1;
    place.focus();
    return true;
  };
  const pressed = ({ target }: MouseEvent) => {
    settle();
    const link = target instanceof Element ? target.closest<HTMLAnchorElement>("nav a") : null;
    followed = link?.pathname ?? "";
  };
  const unsubscribe = subscribe("onRendered", ({ fromLocation, toLocation, pathChanged }) => {
    settle();
    if (fromLocation === undefined || !pathChanged || toLocation.pathname.startsWith("/project/")) return;
    if (followed !== toLocation.pathname) followed = "";
    if (take()) return;
    // What the page is about is still being asked for.
    late = new MutationObserver(() => {
      if (take()) settle();
    });
    late.observe(document.body, { childList: true, subtree: true });
  });
  document.addEventListener("click", pressed, { capture: true });
  window.addEventListener("keydown", settle, { capture: true });
  return () => {
    settle();
    unsubscribe();
    document.removeEventListener("click", pressed, { capture: true });
    window.removeEventListener("keydown", settle, { capture: true });
  };
}
