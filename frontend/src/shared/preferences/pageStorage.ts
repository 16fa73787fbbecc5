/** The browser's storage for this origin, or undefined where it is switched off (private windows of some browsers). */
export function pageStorage(): Storage | undefined {
  try {
    return localStorage;
  } catch (error) {
    if (error instanceof DOMException) return undefined;
    throw error;
  }
}
