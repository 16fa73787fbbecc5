import { useEffect } from "react";
import { useProject } from "@/shared/project/projectStore";
import { whenAtRest } from "./whenAtRest";

/** Fetches the code editor once the canvas is there and nothing else is to be done: it is large, and takes its time to start. */
export function useEditorOnIdle(): void {
  const loaded = useProject((state) => state.loaded);
  useEffect(() => {
    if (!loaded) return undefined;
    return whenAtRest(() => {
      // Whoever opens code asks again, and is told what went wrong.
      const quiet = () => undefined;
      void import("@/features/editor/EditorPane").catch(quiet);
      void import("@/features/editor/useEditorRuntime").then(({ loadRuntime }) => loadRuntime()).catch(quiet);
    });
  }, [loaded]);
}
