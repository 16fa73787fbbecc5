/** The secret of an invitation or a share link: what follows the `#`, which browsers send to no server. */
export function secretOf(hash: string): string {
  return hash.replace(/^#/, "").trim();
}

/** A link as others can open it: a server that was not told its own address gives the path alone. */
export function wholeLink(url: string): string {
  return new URL(url, window.location.origin).href;
}
