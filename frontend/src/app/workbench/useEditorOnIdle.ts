import { useEffect } from "react";
import { useProject } from "@/shared/project/projectStore";

/** Long enough for the canvas to be drawn, short enough to be there when somebody opens code. */
const AT_THE_LATEST_MS = 3_000;

function whenIdle(work: () => void): () => void {
  // Not every browser tells when it is idle.
  if (!("requestIdleCallback" in window)) {
    const timer = setTimeout(work, AT_THE_LATEST_MS);
    return () => clearTimeout(timer);
  }
  const handle = requestIdleCallback(work, { timeout: AT_THE_LATEST_MS });
  return () => cancelIdleCallback(handle);
}

/** Fetches the code editor, which is large, once the canvas is there and nothing else is to be done. */
export function useEditorOnIdle(): void {
  const loaded = useProject((state) => state.loaded);
  useEffect(() => {
    if (!loaded) return undefined;
    return whenIdle(() => {
      // Whoever opens code asks again, and is told what went wrong.
      const quiet = () => undefined;
      void import("@/features/editor/EditorPane").catch(quiet);
      void import("@/features/editor/useEditorRuntime").then(({ loadRuntime }) => loadRuntime()).catch(quiet);
    });
  }, [loaded]);
}
