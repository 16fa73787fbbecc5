/** Document URIs: `file:///workspace/<path>`, each part percent-encoded. */

const ROOT = "file:///workspace/";

export const WORKSPACE_URI = "file:///workspace";

export function uriOf(path: string): string {
  return ROOT + path.split("/").map(encodeURIComponent).join("/");
}

/** The path below the workspace, or undefined for a URI outside of it (a library's file, for example). */
export function pathOf(uri: string): string | undefined {
  if (!uri.startsWith(ROOT)) return undefined;
  try {
    const path = decodeURIComponent(uri.slice(ROOT.length));
    return path.split("/").includes("..") || path === "" ? undefined : path;
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
