import type { Node } from "@/wire/generated";
import type { Tab } from "@/shared/workspace/workspace";

export interface TabTitle {
  readonly title: string;
  /** The folder, where two tabs would otherwise look the same. */
  readonly folder: string;
  readonly path: string;
}

function pathOf(tab: Tab, nodes: ReadonlyMap<string, Node>): string {
  return tab.target.kind === "file" ? tab.target.path : (nodes.get(tab.target.nodeId)?.file ?? "");
}

/** What is written on each tab: a node's title, a file's name. Pure. */
export function tabTitles(tabs: readonly Tab[], nodes: ReadonlyMap<string, Node>): ReadonlyMap<string, TabTitle> {
  const named = tabs.map((tab) => {
    const path = pathOf(tab, nodes);
    const name = path.slice(path.lastIndexOf("/") + 1);
    const title = tab.target.kind === "node" ? (nodes.get(tab.target.nodeId)?.title ?? name) : name;
    return { key: tab.key, title, path };
  });
  return new Map(
    named.map(({ key, title, path }) => {
      const ambiguous = named.some((other) => other.key !== key && other.title === title);
      const folder = ambiguous ? path.slice(0, Math.max(0, path.lastIndexOf("/"))) : "";
      return [key, { title, folder, path }];
    }),
  );
}
