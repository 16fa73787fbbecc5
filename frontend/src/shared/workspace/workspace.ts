import { create } from "zustand";
import { firstSides, sidesBesideCode, sidesWith } from "./room";

/** What is open in the editor area, and what is wrong where: shared by canvas, editor, files and runs. */

export interface NodeTarget {
  kind: "node";
  nodeId: string;
}

export interface FileTarget {
  kind: "file";
  /** Relative to the workspace. */
  path: string;
}

export type Target = NodeTarget | FileTarget;

export interface Tab {
  /** Key of the tab: `node:<id>` or `file:<path>`. */
  key: string;
  target: Target;
}

/** "Go to this line", or to where one was in that text. `token` is new with each request, so that asking twice goes there twice. */
export interface Reveal {
  key: string;
  place: { line: number; column: number } | null;
  token: number;
}

export interface Problem {
  /** Who says so: `pyright`, `ruff`, `flow`. */
  owner: string;
  severity: "error" | "warning" | "info";
  message: string;
  code: string;
  target: Target;
  line: number;
  column: number;
}

export type BottomPanel = "terminal" | "problems" | "runs";
export type LeftPanel = "palette" | "outline" | "files" | "packages" | "network";

interface WorkspaceState {
  tabs: readonly Tab[];
  activeTab: string | null;
  /** What the other of two editors shows; null: there is one editor. */
  otherTab: string | null;
  /** The editor that shows the active tab: 0 is the left one. */
  focusedEditor: number;
  /** Keys of tabs with text that is not saved. The editor keeps this up to date. */
  dirty: ReadonlySet<string>;
  reveal: Reveal | null;
  /** Problems by owner and tab key. */
  problems: ReadonlyMap<string, readonly Problem[]>;
  editorOpen: boolean;
  bottom: BottomPanel | null;
  left: LeftPanel | null;
  /** Details and results of what is selected. */
  right: boolean;
  /** Whether the panels are as they were at the last visit, if there was one: before that, nothing is shown. */
  arranged: boolean;
}

const EMPTY: WorkspaceState = {
  tabs: [],
  activeTab: null,
  otherTab: null,
  focusedEditor: 0,
  dirty: new Set(),
  reveal: null,
  problems: new Map(),
  editorOpen: false,
  bottom: null,
  left: "palette",
  right: true,
  arranged: false,
};

/** How many editors there are, and which has the focus, when the other one shows this tab. */
function splitWith(otherTab: string | null, focusedEditor: number): Pick<WorkspaceState, "otherTab" | "focusedEditor"> {
  return { otherTab, focusedEditor: otherTab === null ? 0 : focusedEditor };
}

export const useWorkspace = create<WorkspaceState>()(() => ({ ...EMPTY, ...firstSides() }));

export function tabKey(target: Target): string {
  return target.kind === "node" ? `node:${target.nodeId}` : `file:${target.path}`;
}

let revealToken = 0;

function withEditor(state: WorkspaceState): Pick<WorkspaceState, "editorOpen" | "left" | "right"> {
  const { left, right, editorOpen } = state;
  return { editorOpen: true, ...(editorOpen ? { left, right } : sidesBesideCode({ left, right })) };
}

/** Open a tab without going there: the focus stays where it is. */
export function showTab(target: Target): void {
  const key = tabKey(target);
  useWorkspace.setState((state) => ({
    tabs: state.tabs.some((tab) => tab.key === key) ? state.tabs : [...state.tabs, { key, target }],
    activeTab: key,
    ...withEditor(state),
  }));
}

function open(target: Target, line?: number, column = 1): void {
  showTab(target);
  const place = line === undefined ? null : { line, column };
  useWorkspace.setState({ reveal: { key: tabKey(target), place, token: ++revealToken } });
}

/** The editor did what was asked. */
export function revealed({ token }: Reveal): void {
  useWorkspace.setState((state) => (state.reveal?.token === token ? { reveal: null } : state));
}

/** Open a node's code in the editor, at a line if one is given. */
export function openNode(nodeId: string, line?: number, column?: number): void {
  open({ kind: "node", nodeId }, line, column);
}

/** Open a file of the workspace in the editor, at a line if one is given. */
export function openFile(path: string, line?: number, column?: number): void {
  open({ kind: "file", path }, line, column);
}

export function activateTab(key: string): void {
  useWorkspace.setState((state) => ({ activeTab: key, ...withEditor(state) }));
}

/** Bring a tab to the front, and put the cursor into its text. */
export function goToTab(key: string): void {
  activateTab(key);
  useWorkspace.setState({ reveal: { key, place: null, token: ++revealToken } });
}

/** Close a tab; its neighbour becomes active. The editor asks about unsaved text before it calls this. */
export function closeTab(key: string): void {
  useWorkspace.setState((state) => {
    const index = state.tabs.findIndex((tab) => tab.key === key);
    if (index < 0) return state;
    const tabs = state.tabs.filter((tab) => tab.key !== key);
    const dirty = new Set(state.dirty);
    dirty.delete(key);
    const neighbour = tabs[Math.min(index, tabs.length - 1)]?.key ?? null;
    return {
      tabs,
      dirty,
      activeTab: state.activeTab === key ? neighbour : state.activeTab,
      ...splitWith(state.otherTab === key ? null : state.otherTab, state.focusedEditor),
      editorOpen: state.editorOpen && tabs.length > 0,
    };
  });
}

/** Give the focus to one of two editors: what it shows becomes the active tab. */
export function focusEditor(editor: number): void {
  const { otherTab, activeTab, focusedEditor } = useWorkspace.getState();
  if (editor === focusedEditor || otherTab === null) return;
  useWorkspace.setState((state) => ({ activeTab: otherTab, ...splitWith(activeTab, editor), ...withEditor(state) }));
}

/** Show the active tab in a second editor beside the first, or go back to one editor. */
export function toggleSplit(): void {
  useWorkspace.setState(({ activeTab, otherTab }) => splitWith(otherTab === null ? activeTab : null, 1));
}

export function setDirty(key: string, dirty: boolean): void {
  useWorkspace.setState((state) => {
    if (state.dirty.has(key) === dirty) return state;
    const next = new Set(state.dirty);
    if (dirty) next.add(key);
    else next.delete(key);
    return { dirty: next };
  });
}

/** Replace what one owner says about one tab's text. */
export function setProblems(owner: string, key: string, problems: readonly Problem[]): void {
  useWorkspace.setState((state) => {
    const next = new Map(state.problems);
    if (problems.length === 0) next.delete(`${owner} ${key}`);
    else next.set(`${owner} ${key}`, problems);
    return { problems: next };
  });
}

export function showBottom(panel: BottomPanel | null): void {
  useWorkspace.setState({ bottom: panel });
}

export function showLeft(panel: LeftPanel | null): void {
  useWorkspace.setState(({ right }) => (panel === null ? { left: null } : sidesWith("left", { left: panel, right })));
}

export function showRight(right: boolean): void {
  useWorkspace.setState(({ left }) => (right ? sidesWith("right", { left, right }) : { right }));
}

export function setEditorOpen(editorOpen: boolean): void {
  useWorkspace.setState((state) => (editorOpen ? withEditor(state) : { editorOpen }));
}

/** Forget everything: another project is opened. */
export function resetWorkspace(): void {
  useWorkspace.setState({ ...EMPTY, ...firstSides() });
}
