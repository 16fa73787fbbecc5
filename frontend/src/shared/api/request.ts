import { t } from "@/shared/i18n/i18n";
import { toldError } from "@/shared/i18n/told";
import { parse } from "@/wire/parse";

/** An answer with a status of 400 or more, or no answer at all (`status` 0). `message` is the server's sentence; `messageOf` has it for people. */
export class ApiError extends Error {
  override name = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly detail: Readonly<Record<string, unknown>>;

  constructor(status: number, code: string, message: string, detail: Record<string, unknown> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.detail = detail;
  }
}

export interface RequestOptions {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  body?: BodyInit;
  headers?: Record<string, string>;
  query?: Record<string, string | number | boolean | undefined>;
  signal?: AbortSignal;
}

/** Called once when a request is refused for want of a session. */
let onSignedOut: () => void = () => undefined;

export function whenSignedOut(callback: () => void): void {
  onSignedOut = callback;
}

export function withQuery(path: string, query: RequestOptions["query"] = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
  const text = search.toString();
  return text === "" ? path : `${path}?${text}`;
}

async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const body = parse("ErrorBody", JSON.parse(text));
    return new ApiError(response.status, body.error, body.message, body.detail);
  } catch {
    return new ApiError(response.status, "internal", `The server answered ${response.status} ${response.statusText}.`);
  }
}

/** Ask the server. Throws `ApiError` for every answer that is no success, and when the server cannot be reached. */
export async function request(path: string, options: RequestOptions = {}): Promise<Response> {
  const headers = new Headers(options.headers);
  let body = options.body ?? null;
  if (options.json !== undefined) {
    headers.set("Content-Type", "application/json");
    body = JSON.stringify(options.json);
  }
  let response: Response;
  try {
    response = await fetch(withQuery(path, options.query), {
      method: options.method ?? "GET",
      headers,
      body,
      credentials: "same-origin",
      signal: options.signal ?? null,
    });
  } catch (error) {
    if (options.signal?.aborted === true) throw error;
    throw new ApiError(0, "offline", t("server.error.offline"));
  }
  if (response.ok || response.status === 304) return response;
  const error = await errorOf(response);
  if (response.status === 401) onSignedOut();
  throw error;
}

/** Ask for JSON and parse it. */
export async function getJson<T>(path: string, read: (value: unknown) => T, options: RequestOptions = {}): Promise<T> {
  const response = await request(path, options);
  const value: unknown = await response.json();
  return read(value);
}

/** The sentence to show for anything that was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof ApiError) return toldError(error.code, error.message, error.detail);
  return error instanceof Error ? error.message : String(error);
}
