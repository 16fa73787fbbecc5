/** Have the browser save what a path of this site answers, under a name. What no name of a file can have, browsers replace. */
export function download(path: string, name: string): void {
  const link = document.createElement("a");
  link.href = path;
  link.download = name;
  link.click();
}
