/** Where a document's text comes from and goes to: a node's code, or a file of the workspace. */

import { nodePath, projectPath } from "@/shared/api/paths";
import { ApiError, request, withQuery } from "@/shared/api/request";
import { portsRead } from "@/shared/project/projectStore";
import { saveSource } from "@/shared/session/projectSession";
import type { Target } from "@/shared/workspace/workspace";
import { parse } from "@/wire/parse";

/** A larger text is no text that anybody edits by hand, and an editor slows down over it. */
export const MAX_TEXT_BYTES = 2 * 1024 * 1024;

export type Loaded =
  | { readonly kind: "text"; readonly text: string; readonly etag: string }
  | { readonly kind: "unchanged" }
  | { readonly kind: "binary"; readonly size: number }
  | { readonly kind: "too_large"; readonly size: number };

export interface Source {
  /** The text as it is now; `unchanged` when it still has this ETag. Throws `ApiError`. */
  load(etag?: string): Promise<Loaded>;
  /** Writes the text if the ETag is still right (none: if there is no such file). Throws `ApiError`, 412 when not. */
  save(text: string, etag: string | undefined): Promise<string>;
  /** Where a browser downloads it, for what cannot be edited. */
  readonly downloadUrl: string;
  /** A node's source cannot be written once the node is gone. */
  readonly recreatable: boolean;
}

/** Text of bytes, or undefined when they are none: a NUL, or no UTF-8. */
export function decodeText(bytes: ArrayBuffer): string | undefined {
  if (new Uint8Array(bytes).includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

async function read(path: string, query: Record<string, string>, etag: string | undefined): Promise<Loaded> {
  const headers = etag === undefined ? {} : { "If-None-Match": etag };
  const stop = new AbortController();
  const response = await request(path, { query, headers, signal: stop.signal });
  if (response.status === 304) return { kind: "unchanged" };
  const size = Number(response.headers.get("Content-Length") ?? 0);
  if (size > MAX_TEXT_BYTES) {
    stop.abort();
    return { kind: "too_large", size };
  }
  const bytes = await response.arrayBuffer();
  if (bytes.byteLength > MAX_TEXT_BYTES) return { kind: "too_large", size: bytes.byteLength };
  const text = decodeText(bytes);
  const now = response.headers.get("ETag") ?? "";
  if (text === undefined) return { kind: "binary", size: bytes.byteLength };
  return now !== "" && now === etag ? { kind: "unchanged" } : { kind: "text", text, etag: now };
}

function precondition(etag: string | undefined): Record<string, string> {
  return etag === undefined ? { "If-None-Match": "*" } : { "If-Match": etag };
}

function nodeSource(projectId: string, nodeId: string): Source {
  const path = nodePath(projectId, nodeId, "/code");
  return {
    load: (etag) => read(path, {}, etag),
    save: async (text, etag) => {
      const headers = { "Content-Type": "text/x-python", ...(etag === undefined ? {} : { "If-Match": etag }) };
      const response = await saveSource(() => request(path, { method: "PUT", body: text, headers }));
      const node = parse("Node", await response.json());
      portsRead(node.id, node.ports);
      return response.headers.get("ETag") ?? "";
    },
    downloadUrl: path,
    recreatable: false,
  };
}

function fileSource(projectId: string, filePath: string): Source {
  const path = projectPath(projectId, "/files/content");
  return {
    load: (etag) => read(path, { path: filePath }, etag),
    save: async (text, etag) => {
      const headers = { "Content-Type": "application/octet-stream", ...precondition(etag) };
      const response = await request(path, { method: "PUT", query: { path: filePath }, body: text, headers });
      return response.headers.get("ETag") ?? parse("Entry", await response.json()).etag;
    },
    downloadUrl: withQuery(path, { path: filePath }),
    recreatable: true,
  };
}

export function sourceOf(projectId: string, target: Target): Source {
  return target.kind === "node" ? nodeSource(projectId, target.nodeId) : fileSource(projectId, target.path);
}

/** Whether an error says that the text was changed by someone else meanwhile. */
export function isStale(error: unknown): boolean {
  return error instanceof ApiError && error.status === 412;
}

export function isGone(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

/** Whether trying again later may help: no connection, or a server that is busy or starting. */
export function isPassing(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 500) && error.status !== 507;
}
