import { useWorkspace } from "@/shared/workspace/workspace";

/** Which tab each of the one or two editors shows: the focused one follows the active tab, the other one keeps its own. */
export function useGroups(): readonly (string | null)[] {
  const activeTab = useWorkspace((state) => state.activeTab);
  const otherTab = useWorkspace((state) => state.otherTab);
  const focused = useWorkspace((state) => state.focusedEditor);
  if (otherTab === null) return [activeTab];
  return focused === 0 ? [activeTab, otherTab] : [otherTab, activeTab];
}
