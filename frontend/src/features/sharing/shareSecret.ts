/*
 * The secret of a share link while its page is open. It leaves the address bar at once, so that it is neither in the
 * history nor on a screenshot, and is kept in this tab alone, for the way to the sign-in page and back.
 */

const KEY = "aimforge.share-secret";

export function keepSecret(secret: string): void {
  sessionStorage.setItem(KEY, secret);
}

export function keptSecret(): string {
  return sessionStorage.getItem(KEY) ?? "";
}

export function forgetSecret(): void {
  sessionStorage.removeItem(KEY);
}
