import { isRecord, number, parsed, record } from "@/shared/json/json";
import { sidesBesideCode } from "./room";
import { tabKey, useWorkspace, type BottomPanel, type LeftPanel, type Tab, type Target } from "./workspace";

/** What is open of a project and which panels are shown, as it is kept from one visit to the next. */
export interface Arrangement {
  readonly tabs: readonly Tab[];
  readonly activeTab: string | null;
  readonly otherTab: string | null;
  readonly focusedEditor: number;
  readonly editorOpen: boolean;
  readonly bottom: BottomPanel | null;
  readonly left: LeftPanel | null;
  readonly right: boolean;
  /** Width of the window that had room for the panels, in pixels. */
  readonly width: number;
}

/** More tabs than anybody finds their way among: the first ones are let go. */
const MOST_TABS = 40;
const BOTTOM = ["terminal", "problems", "runs"] as const satisfies readonly BottomPanel[];
const LEFT = ["palette", "outline", "files", "packages", "network"] as const satisfies readonly LeftPanel[];

/** The arrangement as it is now. */
export function arrangementNow(): Arrangement {
  const { tabs, activeTab, otherTab, focusedEditor, editorOpen, bottom, left, right } = useWorkspace.getState();
  return { tabs: tabs.slice(-MOST_TABS), activeTab, otherTab, focusedEditor, editorOpen, bottom, left, right, width: window.innerWidth };
}

function parseTarget(value: unknown): Tab | undefined {
  const { kind, nodeId, path } = record(record(value)["target"]);
  let target: Target | undefined;
  if (kind === "node" && typeof nodeId === "string") target = { kind, nodeId };
  if (kind === "file" && typeof path === "string") target = { kind, path };
  return target && { key: tabKey(target), target };
}

/** Read what was kept; undefined for what is no arrangement. Each field is checked: an older version may have written it. */
export function parseArrangement(stored: string): Arrangement | undefined {
  let body: unknown;
  try {
    body = JSON.parse(stored);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (!isRecord(body)) return undefined;
  const tabs = new Map(parsed(body["tabs"], parseTarget).slice(-MOST_TABS).map((tab) => [tab.key, tab]));
  const keyOf = (value: unknown) => (typeof value === "string" && tabs.has(value) ? value : null);
  return {
    tabs: [...tabs.values()],
    activeTab: keyOf(body["activeTab"]),
    otherTab: keyOf(body["otherTab"]),
    focusedEditor: body["focusedEditor"] === 1 ? 1 : 0,
    editorOpen: body["editorOpen"] === true,
    bottom: BOTTOM.find((panel) => panel === body["bottom"]) ?? null,
    left: LEFT.find((panel) => panel === body["left"]) ?? null,
    right: body["right"] === true,
    width: number(body["width"]),
  };
}

/** Show the panels as they were; where the window is narrower now, those that have room beside code. */
export function showPanels({ left, right, bottom, editorOpen, width }: Arrangement): void {
  const sides = window.innerWidth < width ? sidesBesideCode({ left, right }) : { left, right };
  useWorkspace.setState({ ...sides, bottom, editorOpen });
}

/** Bring back those tabs that still lead somewhere, before the ones that were opened meanwhile, which keep the focus. */
export function bringBack(arrangement: Arrangement, there: (target: Target) => boolean): void {
  const tabs = arrangement.tabs.filter(({ target }) => there(target));
  const has = (key: string | null) => tabs.some((tab) => tab.key === key);
  useWorkspace.setState((state) => {
    const opened = state.tabs.filter(({ key }) => !has(key));
    const activeTab = state.activeTab ?? (has(arrangement.activeTab) ? arrangement.activeTab : (tabs.at(-1)?.key ?? null));
    const otherTab = has(arrangement.otherTab) && activeTab !== null ? arrangement.otherTab : null;
    return {
      tabs: [...tabs, ...opened],
      activeTab,
      otherTab,
      focusedEditor: otherTab === null ? 0 : arrangement.focusedEditor,
      editorOpen: state.editorOpen && activeTab !== null,
    };
  });
}
