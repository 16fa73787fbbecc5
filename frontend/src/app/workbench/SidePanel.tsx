import { useEffect, useRef, useState, type ReactNode } from "react";
import { Panel, usePanelRef } from "react-resizable-panels";

interface Props {
  id: string;
  open: boolean;
  /** Pixels or, as text with a percent sign, a part of the group. */
  size: number | string;
  minSize: number;
  onClosed: () => void;
  children: ReactNode;
}

/** A panel that can be shut. What is in it is made when it first opens, and kept: terminals and editors live on. */
export function SidePanel({ id, open, size, minSize, onClosed, children }: Props) {
  const panel = usePanelRef();
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
          onClosed();
        }
      }}
    >
      <div className="h-full overflow-hidden" inert={!open}>
        {made && children}
      </div>
    </Panel>
  );
}
