/** How a host is written in a list: without its port where that is one of the web's. */
export function hostEntry(host: string, port: number): string {
  return port === 80 || port === 443 ? host : `${host}:${String(port)}`;
}

const NAME = /^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_-]{1,63}\.?(:\d{1,5})?!?$/i;

/** Whether a text may be an entry; the server has the last word. Addresses are none. */
export function looksLikeHost(text: string): boolean {
  const name = text.replace(/!$/, "").replace(/:\d+$/, "").replace(/\.$/, "");
  return NAME.test(text) && !/(^|\.)(\d+|0x[0-9a-f]*)$/i.test(name);
}

/** What may be allowed of what was refused: names, not addresses, and not what TLS asked for inside a tunnel. */
export function mayBeAllowed(host: string): boolean {
  return looksLikeHost(host);
}
