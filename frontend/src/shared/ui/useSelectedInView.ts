import { useEffect, useRef, type RefObject } from "react";

function showSelected(list: HTMLElement | null): void {
  const tab = list?.querySelector("[role=tab][aria-selected=true]");
  // With its button to close.
  (tab?.parentElement?.getAttribute("role") === "presentation" ? tab.parentElement : tab)?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/**
 * For the list of some tabs: the one in front is scrolled to when it changes, wherever the change came from, and when the
 * list gets another width, as it does when what stands beside it appears.
 */
export function useSelectedInView<T extends HTMLElement>(selected: string | null, count: number): RefObject<T | null> {
  const list = useRef<T>(null);
  useEffect(() => showSelected(list.current), [selected, count]);
  useEffect(() => {
    if (list.current === null) return;
    const observer = new ResizeObserver(() => showSelected(list.current));
    observer.observe(list.current);
    return () => observer.disconnect();
  }, []);
  return list;
}
