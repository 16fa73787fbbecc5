import { useEffect, useRef, type RefObject } from "react";

/** For the list of some tabs: the one in front is scrolled to when it changes, wherever the change came from. */
export function useSelectedInView<T extends HTMLElement>(selected: string | null, count: number): RefObject<T | null> {
  const list = useRef<T>(null);
  useEffect(() => {
    const tab = list.current?.querySelector("[role=tab][aria-selected=true]");
    // With its button to close.
    (tab?.parentElement?.getAttribute("role") === "presentation" ? tab.parentElement : tab)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [selected, count]);
  return list;
}
