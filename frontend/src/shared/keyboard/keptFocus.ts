import { controlsIn } from "./controls";

/** The focus stays within one of these: what is beside it has nothing to do with what went. */
const PLACES = "main, section, form, nav, header, footer, [role=dialog], [role=group], [role=region]";
/** What gives the focus back by itself. */
const OWN_WAYS = "[data-scope=canvas], [role=menu], [data-toasts]";

let watch: ((element: Element) => void) | undefined;

/** Give the focus to something, at once or when it can have it: a button may be off while what it began goes on. */
export function focusWhenOn(element: HTMLElement): void {
  element.focus();
  if (document.activeElement === document.body) watch?.(element);
}

/** To what comes after something, as near to it as there is anything; else to what comes before. */
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

/** What Tab leads to from something that cannot have the focus itself. */
function neighbour(from: Element, back: boolean): HTMLElement | undefined {
  const side = back ? Node.DOCUMENT_POSITION_PRECEDING : Node.DOCUMENT_POSITION_FOLLOWING;
  const beyond = controlsIn(document.body).filter((control) => (from.compareDocumentPosition(control) & side) !== 0);
  return back ? beyond.at(-1) : beyond[0];
}

/**
 * What had the focus may go: a row that was removed, a field in place of a name, a button that became another one. Who works
 * by keys goes on with what stands there now, instead of at the top of the page. What is off for a while has it again once it
 * is on, and Tab goes on from there until then. Returns what ends it.
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
  const isOff = () => focused instanceof HTMLElement && focused.isConnected && focused.matches(":disabled");
  const switches = new MutationObserver(() => {
    if (byKey && !isOff() && document.activeElement === document.body && focused instanceof HTMLElement) focused.focus();
  });
  const forget = () => {
    removals.disconnect();
    switches.disconnect();
    focused = null;
  };
  watch = (element) => {
    forget();
    focused = element;
    switches.observe(element, { attributeFilter: ["disabled"] });
    ancestors = [];
    // Only what is above it can take it along: nothing else of the page is watched.
    for (let above = element.parentElement; above !== null; above = above.parentElement) {
      ancestors.push(above);
      removals.observe(above, { childList: true });
    }
  };
  const follow = ({ target }: FocusEvent) => {
    if (target instanceof Element && target.closest(OWN_WAYS) === null) watch?.(target);
    else forget();
  };
  const keyed = (event: KeyboardEvent) => {
    byKey = true;
    if (event.key !== "Tab" || document.activeElement !== document.body || focused === null || !isOff()) return;
    const next = neighbour(focused, event.shiftKey);
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
  };
  const pointed = () => (byKey = false);
  document.addEventListener("focusin", follow);
  window.addEventListener("keydown", keyed, { capture: true });
  window.addEventListener("pointerdown", pointed, { capture: true });
  return () => {
    forget();
    watch = undefined;
    document.removeEventListener("focusin", follow);
    window.removeEventListener("keydown", keyed, { capture: true });
    window.removeEventListener("pointerdown", pointed, { capture: true });
  };
}
