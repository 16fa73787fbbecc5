import { projectPath } from "@/shared/api/paths";
import { ApiError, getJson, request, withQuery } from "@/shared/api/request";
import { parse } from "@/wire/parse";
import type { Entry, Listing } from "@/wire/generated";

import { AlreadyThere, type Send } from "./uploadQueue";

export function listFolder(projectId: string, path: string): Promise<Listing> {
  return getJson(projectPath(projectId, "/files"), (value) => parse("Listing", value), { query: { path } });
}

export async function makeFolder(projectId: string, path: string): Promise<void> {
  await request(projectPath(projectId, "/files/folder"), { method: "POST", json: { path } });
}

/** An empty file; refused when there is one of that name. */
export async function makeFile(projectId: string, path: string): Promise<void> {
  await request(projectPath(projectId, "/files/content"), {
    method: "PUT",
    query: { path },
    body: "",
    headers: { "If-None-Match": "*", "Content-Type": "application/octet-stream" },
  });
}

export async function renameEntry(projectId: string, source: string, target: string): Promise<void> {
  await request(projectPath(projectId, "/files/rename"), { method: "POST", json: { source, target, overwrite: false } });
}

export async function deleteEntry(projectId: string, path: string): Promise<void> {
  await request(projectPath(projectId, "/files"), { method: "DELETE", query: { path } });
}

/** What the browser downloads: a file as it is, a folder as a zip. */
export function downloadUrl(projectId: string, entry: Entry): string {
  const rest = entry.kind === "folder" ? "/files/archive" : "/files/content";
  return withQuery(projectPath(projectId, rest), { path: entry.path });
}

/** Sends a file piece by piece from the disk. Only `XMLHttpRequest` tells how far a request has come. */
export function sendFile(projectId: string): Send<File> {
  return (path, file, { overwrite, signal, onProgress }) =>
    new Promise((resolve, reject) => {
      const xhr = new XMLHttpRequest();
      xhr.open("PUT", withQuery(projectPath(projectId, "/files/content"), { path }));
      xhr.setRequestHeader("Content-Type", "application/octet-stream");
      if (!overwrite) xhr.setRequestHeader("If-None-Match", "*");
      xhr.upload.onprogress = (event) => onProgress(event.loaded);
      xhr.onerror = () => reject(new ApiError(0, "offline", "The server cannot be reached."));
      xhr.onabort = () => reject(new ApiError(0, "cancelled", "Cancelled."));
      xhr.onload = () => {
        if (xhr.status < 300) resolve();
        else if (xhr.status === 412 && !overwrite) reject(new AlreadyThere(path));
        else reject(refusal(xhr));
      };
      signal.addEventListener("abort", () => xhr.abort(), { once: true });
      xhr.send(file);
    });
}

function refusal(xhr: XMLHttpRequest): ApiError {
  try {
    const body = parse("ErrorBody", JSON.parse(xhr.responseText));
    return new ApiError(xhr.status, body.error, body.message, body.detail);
  } catch {
    return new ApiError(xhr.status, "internal", `The server answered ${String(xhr.status)} ${xhr.statusText}.`);
  }
}
