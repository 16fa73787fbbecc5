/** Pages that need no session: a refusal there leads nowhere else. */
export const OPEN_PAGES: readonly string[] = ["/sign-in", "/join"];

/** Where to go on after a sign-in: a path of this site, whatever was asked for. */
export function safeReturnPath(wanted: unknown): string {
  if (typeof wanted !== "string" || !wanted.startsWith("/")) return "/";
  const origin = "http://here.invalid";
  let url: URL;
  try {
    url = new URL(wanted, origin);
  } catch {
    return "/";
  }
  if (url.origin !== origin || OPEN_PAGES.includes(url.pathname)) return "/";
  // As the browser reads it: backslashes and control characters are resolved now, not when it is followed.
  const path = url.pathname + url.search + url.hash;
  return path.startsWith("//") ? "/" : path;
}

/** The page that a person was on when their session ended. */
export function currentPath(location: Pick<Location, "pathname" | "search" | "hash">): string {
  return location.pathname + location.search + location.hash;
}
