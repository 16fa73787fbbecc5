import { useEffect, useLayoutEffect, useRef, useState, type FocusEvent, type ReactNode } from "react";
import { Panel, usePanelRef } from "react-resizable-panels";
import { focusArea } from "@/shared/workspace/areas";

interface Props {
  id: string;
  open: boolean;
  /** Pixels or, as text with a percent sign, a part of the group. */
  size: number | string;
  minSize: number;
  onClosed: () => void;
  children: ReactNode;
}

/** A panel that is shut gives the focus back to where it came from, or to the canvas. */
function useGivenBack(open: boolean) {
  const cameFrom = useRef<EventTarget | null>(null);
  const within = useRef(false);
  useLayoutEffect(() => {
    if (open || !within.current) return;
    within.current = false;
    const back = cameFrom.current;
    const usable = back instanceof HTMLElement && back.isConnected && back.closest("[inert]") === null;
    (usable ? back : document.querySelector<HTMLElement>("[data-scope=canvas]"))?.focus();
  }, [open]);
  const onFocus = ({ currentTarget, relatedTarget }: FocusEvent) => {
    within.current = true;
    if (relatedTarget instanceof Node && !currentTarget.contains(relatedTarget)) cameFrom.current = relatedTarget;
  };
  // Not told of what is taken out of the page with the focus in it: that is given back too.
  const onBlur = ({ currentTarget, relatedTarget }: FocusEvent) => {
    within.current = relatedTarget instanceof Node && currentTarget.contains(relatedTarget);
  };
  return { onFocus, onBlur };
}

/** A panel that can be shut. What is in it is made when it first opens, and kept: terminals and editors live on. */
export function SidePanel({ id, open, size, minSize, onClosed, children }: Props) {
  const panel = usePanelRef();
  const givenBack = useGivenBack(open);
  const [made, setMade] = useState(open);
  const lastSize = useRef<number | string>(size);
  const wasOpen = useRef(open);
  if (open && !made) setMade(true);
  useEffect(() => {
    const handle = panel.current;
    if (handle === null || wasOpen.current === open) return;
    wasOpen.current = open;
    if (open) handle.resize(lastSize.current);
    else handle.collapse();
  }, [open, panel]);
  const inside = useRef<HTMLDivElement>(null);
  // Another panel may have to make room first, as it does on a narrow page: until that one is gone, this one does not fit.
  useEffect(() => {
    const group = inside.current?.closest("[data-panel]")?.parentElement;
    if (!open || group == null) return undefined;
    const observer = new ResizeObserver(() => {
      if (panel.current?.getSize().inPixels === 0) panel.current.resize(lastSize.current);
    });
    observer.observe(group);
    return () => observer.disconnect();
  }, [open, panel]);
  return (
    <Panel
      id={id}
      panelRef={panel}
      collapsible
      collapsedSize={0}
      minSize={minSize}
      defaultSize={open ? size : 0}
      onResize={({ inPixels }, _, previous) => {
        if (inPixels > 0) lastSize.current = inPixels;
        // Pulled shut by hand.
        else if (previous !== undefined && previous.inPixels > 0 && wasOpen.current) {
          wasOpen.current = false;
          // By key: the divider goes as well, and would take the focus along.
          if (document.activeElement?.matches("[role=separator]") === true) focusArea("canvas");
          onClosed();
        }
      }}
    >
      <div ref={inside} {...givenBack} className="h-full overflow-hidden" inert={!open}>
        {made && children}
      </div>
    </Panel>
  );
}
