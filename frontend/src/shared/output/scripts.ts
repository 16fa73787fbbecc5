/** Whether HTML may hold scripts, or handlers of events. May err on the side of offering to run what is not there. */
export function mayHaveScripts(html: string): boolean {
  return /<script[\s>/]|\son[a-z]+\s*=|javascript:/i.test(html);
}
