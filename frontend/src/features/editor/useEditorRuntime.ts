import { useEffect, useState } from "react";

import { messageOf } from "@/shared/api/request";
import { isKorean } from "@/shared/i18n/i18n";

import { Languages } from "./lsp/languages";
import type { ProjectDocuments } from "./monaco/projectDocuments";
import type { Runtime } from "./monaco/runtime";

export type EditorRuntime =
  | { status: "loading" }
  | { status: "failed"; message: string; retry: () => void }
  | { status: "ready"; runtime: Runtime; documents: ProjectDocuments };

/** Loads Monaco, which is large, and its own texts, which it reads as it starts. The browser keeps it: the second call answers at once. */
export async function loadRuntime(): Promise<{ runtime: Runtime }> {
  if (isKorean()) await import("monaco-editor/nls/lang/ko");
  return import("./monaco/runtime");
}

/** Loads Monaco, and opens the documents and language clients of a project for as long as the view is there. */
export function useEditorRuntime(projectId: string, wanted: boolean): EditorRuntime {
  const [state, setState] = useState<EditorRuntime>({ status: "loading" });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    if (!wanted || projectId === "") return;
    let ended = false;
    let end: (() => void) | undefined;
    const retry = () => setAttempt((count) => count + 1);
    const languages = new Languages(projectId);
    void loadRuntime().then(
      ({ runtime }) => {
        if (ended) return;
        const documents = new runtime.ProjectDocuments(projectId, languages);
        const unfollow = runtime.followTheme();
        end = () => {
          unfollow();
          documents.dispose();
        };
        setState({ status: "ready", runtime, documents });
      },
      (error: unknown) => {
        if (!ended) setState({ status: "failed", message: messageOf(error), retry });
      },
    );
    return () => {
      ended = true;
      if (end === undefined) languages.dispose();
      else end();
      setState({ status: "loading" });
    };
  }, [projectId, wanted, attempt]);
  return state;
}
