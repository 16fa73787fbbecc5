/** The secret of an invitation or a share link: what follows the `#`, which browsers send to no server. */
export function secretOf(hash: string): string {
  return hash.replace(/^#/, "").trim();
}
