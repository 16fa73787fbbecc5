/** Paths in the workspace: parts joined by `/`, the workspace itself is the empty path. Pure. */

const MAX_NAME = 200;

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function folderOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}

export function joined(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

/** Whether `path` is `folder` itself or lies in it. */
export function isWithin(path: string, folder: string): boolean {
  return folder === "" || path === folder || path.startsWith(`${folder}/`);
}

export type NameFault = "empty" | "slash" | "dots" | "long" | "control" | "taken";

/** What is wrong with a name for something in a folder that holds `siblings`; undefined when it is fine. */
export function nameFault(name: string, siblings: readonly string[] = []): NameFault | undefined {
  if (name.trim() === "") return "empty";
  if (name === "." || name === "..") return "dots";
  if (name.includes("/") || name.includes("\\")) return "slash";
  if (name.length > MAX_NAME) return "long";
  for (let index = 0; index < name.length; index++) if (name.charCodeAt(index) < 32) return "control";
  return siblings.includes(name) ? "taken" : undefined;
}

export interface Move {
  readonly source: string;
  readonly target: string;
}

/** The renames that bring `sources` into `folder`; what is there already, or would lie in itself, is left out. */
export function movesInto(folder: string, sources: readonly string[]): Move[] {
  // A folder takes what is in it along.
  const tops = sources.filter((path) => !sources.some((other) => other !== path && isWithin(path, other)));
  return tops
    .filter((path) => path !== "" && folderOf(path) !== folder && !isWithin(folder, path))
    .map((path) => ({ source: path, target: joined(folder, nameOf(path)) }));
}

/** Which of the folders that were read must be read again after these paths changed. */
export function foldersToRead(changed: readonly string[], read: ReadonlySet<string>): string[] {
  const folders = new Set<string>();
  for (const path of changed) {
    let folder = folderOf(path);
    // A new folder in a new folder shows in the nearest one that was read.
    while (folder !== "" && !read.has(folder)) folder = folderOf(folder);
    if (read.has(folder)) folders.add(folder);
  }
  return [...folders];
}
