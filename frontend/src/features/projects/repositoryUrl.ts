/** Whether a text is an address that can be cloned; the server says more about those that only look like one. */
export function isRepositoryUrl(text: string): boolean {
  const trimmed = text.trim();
  if (!URL.canParse(trimmed)) return false;
  const { protocol, username, password, pathname } = new URL(trimmed);
  return protocol === "https:" && username === "" && password === "" && pathname.length > 1;
}
