import { useStoreApi } from "@xyflow/react";
import { useEffect, useId, useRef } from "react";

/** Pixels at a zoom of 1; nodes snap to a third of it. */
const GAP = 24;
/** As far as a dot can be from its place on the next frame: the gap at the largest zoom. */
const MARGIN = 2 * GAP;

/** The dots behind the flow. A pan moves them by less than a gap, without painting: they look the same from each. */
export function Dots() {
  const svg = useRef<SVGSVGElement>(null);
  const pattern = useRef<SVGPatternElement>(null);
  const dot = useRef<SVGCircleElement>(null);
  const flow = useStoreApi();
  const id = useId();
  useEffect(() => {
    let painted = 0;
    const place = () => {
      const [x, y, zoom] = flow.getState().transform;
      const gap = GAP * zoom;
      if (zoom !== painted) {
        painted = zoom;
        pattern.current?.setAttribute("width", String(gap));
        pattern.current?.setAttribute("height", String(gap));
        for (const name of ["cx", "cy", "r"]) dot.current?.setAttribute(name, String(zoom));
      }
      // The pattern begins at the element's corner, which lies MARGIN before the canvas's.
      const shift = (at: number) => String(((at + MARGIN) % gap) - zoom);
      if (svg.current !== null) svg.current.style.transform = `translate(${shift(x)}px, ${shift(y)}px)`;
    };
    place();
    return flow.subscribe(place);
  }, [flow]);
  return (
    <svg
      ref={svg}
      aria-hidden
      className="pointer-events-none absolute -z-1 will-change-transform"
      style={{ left: -MARGIN, top: -MARGIN, width: `calc(100% + ${String(2 * MARGIN)}px)`, height: `calc(100% + ${String(2 * MARGIN)}px)` }}
    >
      <pattern ref={pattern} id={id} patternUnits="userSpaceOnUse">
        <circle ref={dot} fill="var(--dots)" />
      </pattern>
      <rect width="100%" height="100%" fill={`url(#${id})`} />
    </svg>
  );
}
