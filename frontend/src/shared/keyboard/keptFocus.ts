import { controlsIn } from "./controls";

/** The focus stays within one of these: what is beside it has nothing to do with what went. */
const PLACES = "main, section, form, nav, header, footer, [role=dialog], [role=group], [role=region]";
/** What gives the focus back by itself. */
const OWN_WAYS = "[data-scope=canvas], [role=menu], [data-toasts]";

function goOn(ancestors: readonly Element[], before: Node | null): void {
  for (const place of ancestors) {
    if (!place.isConnected) continue;
    if (place.closest(PLACES) === null) return;
    const controls = controlsIn(place);
    const after = controls.find(
      (control) => before?.isConnected !== true || (before.compareDocumentPosition(control) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0,
    );
    const next = after ?? controls.at(-1);
    if (next === undefined) continue;
    next.focus();
    return;
  }
}

/**
 * What had the focus may go: a row that was removed, a field in place of a name, a button that became another one. Who works
 * by keys goes on with what stands there now, instead of at the top of the page. Returns what ends it.
 */
export function keepFocus(): () => void {
  let byKey = false;
  let focused: Element | null = null;
  let ancestors: Element[] = [];
  const removals = new MutationObserver((records) => {
    const record = records.find(({ removedNodes }) => [...removedNodes].some((gone) => gone.contains(focused)));
    if (record === undefined || !byKey) return;
    const ofDialog = [...record.removedNodes].some((gone) => gone instanceof Element && gone.contains(focused) && (gone.matches("[role=dialog]") || gone.querySelector("[role=dialog]") !== null));
    if (ofDialog) return;
    const path = ancestors;
    requestAnimationFrame(() => {
      if (document.activeElement === document.body) goOn(path, record.previousSibling);
    });
  });
  const follow = ({ target }: FocusEvent) => {
    removals.disconnect();
    if (!(target instanceof Element) || target.closest(OWN_WAYS) !== null) return;
    focused = target;
    ancestors = [];
    // Only what is above it can take it along: nothing else of the page is watched.
    for (let above = target.parentElement; above !== null; above = above.parentElement) {
      ancestors.push(above);
      removals.observe(above, { childList: true });
    }
  };
  const keyed = () => (byKey = true);
  const pointed = () => (byKey = false);
  document.addEventListener("focusin", follow);
  window.addEventListener("keydown", keyed, { capture: true });
  window.addEventListener("pointerdown", pointed, { capture: true });
  return () => {
    removals.disconnect();
    document.removeEventListener("focusin", follow);
    window.removeEventListener("keydown", keyed, { capture: true });
    window.removeEventListener("pointerdown", pointed, { capture: true });
  };
}
