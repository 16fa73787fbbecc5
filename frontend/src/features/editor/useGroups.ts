import { useState } from "react";

import { activateTab, useWorkspace } from "@/shared/workspace/workspace";

/** Which tab each of the one or two editors shows, and which of them has the focus. */
export interface Groups {
  readonly keys: readonly (string | null)[];
  readonly focused: number;
  readonly focus: (group: number) => void;
  readonly toggleSplit: () => void;
}

/** The focused editor follows the workspace's active tab; the other one keeps its own while that is open. */
export function useGroups(): Groups {
  const tabs = useWorkspace((state) => state.tabs);
  const activeTab = useWorkspace((state) => state.activeTab);
  const [other, setOther] = useState<string | null>(null);
  const [focused, setFocused] = useState(0);
  const split = other !== null;
  const gone = split && !tabs.some((tab) => tab.key === other);
  if (gone) {
    setOther(null);
    setFocused(0);
  }

  return {
    keys: !split || gone ? [activeTab] : focused === 0 ? [activeTab, other] : [other, activeTab],
    focused,
    focus: (group) => {
      if (group === focused || other === null) return;
      setFocused(group);
      setOther(activeTab);
      activateTab(other);
    },
    toggleSplit: () => {
      setOther(split ? null : activeTab);
      setFocused(split ? 0 : 1);
    },
  };
}
