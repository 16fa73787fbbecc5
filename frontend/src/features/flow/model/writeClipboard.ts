/**
 * Put a text into the clipboard. Pages that came over plain http from another machine have no `navigator.clipboard`; they
 * may hand a text over when the browser asks what is to be copied. False when the browser lets them do neither.
 */
export async function writeClipboard(text: string): Promise<boolean> {
  if (!("clipboard" in navigator)) return handOver(text);
  await navigator.clipboard.writeText(text);
  return true;
}

/** What the clipboard holds; null when the page may not know. */
export async function readClipboard(): Promise<string | null> {
  if (!("clipboard" in navigator)) return null;
  return navigator.clipboard.readText().catch(() => null);
}

function handOver(text: string): boolean {
  let handed = false;
  const allow = (event: Event) => event.preventDefault();
  const give = (event: ClipboardEvent) => {
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
    event.stopImmediatePropagation();
    handed = true;
  };
  // Without a selection, Chromium copies only if somebody prevents what it asks first.
  document.addEventListener("beforecopy", allow, true);
  document.addEventListener("copy", give, true);
  try {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- The way that is to replace it is what is missing here.
    document.execCommand("copy");
  } finally {
    document.removeEventListener("beforecopy", allow, true);
    document.removeEventListener("copy", give, true);
  }
  return handed;
}
