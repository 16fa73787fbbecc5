/** Frames of a terminal's socket, see `sandbox_image/wire/terminals.py`. Pure. */

import { isRecord, number, record, text } from "@/shared/json/json";

const OUTPUT = 1;
const INPUT = 2;
const OUTPUT_HEADER = 9;

export interface Output {
  /** Absolute offset of the first byte in the terminal's stream. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export type Control =
  | { readonly type: "attached"; readonly from: number; readonly end: number; readonly fresh: boolean; readonly cols: number; readonly rows: number }
  | { readonly type: "truncated"; readonly from: number; readonly to: number }
  | { readonly type: "resized"; readonly cols: number; readonly rows: number }
  | { readonly type: "renamed"; readonly name: string }
  | { readonly type: "exited"; readonly status: number }
  /** Anything else that has words for people, such as a refusal to a viewer who may only look. */
  | { readonly type: "notice"; readonly message: string };

/** The output in a binary frame; undefined for an opcode that this client does not know. */
export function decodeOutput(frame: ArrayBuffer): Output | undefined {
  if (frame.byteLength < OUTPUT_HEADER) return undefined;
  const view = new DataView(frame);
  if (view.getUint8(0) !== OUTPUT) return undefined;
  const offset = view.getBigUint64(1);
  if (offset > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return { offset: Number(offset), bytes: new Uint8Array(frame, OUTPUT_HEADER) };
}

export function encodeInput(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(bytes.length + 1);
  frame[0] = INPUT;
  frame.set(bytes, 1);
  return frame;
}

export function encodeAck(offset: number): string {
  return JSON.stringify({ type: "ack", offset });
}

/** Sizes are kept within what a PTY and a screen can use: a hidden panel would ask for 0 columns. */
export function encodeResize(cols: number, rows: number): string {
  const clamp = (value: number, most: number) => Math.min(most, Math.max(1, Math.floor(value)));
  return JSON.stringify({ type: "resize", cols: clamp(cols, 1000), rows: clamp(rows, 500) });
}

function parseMessage(message: string): unknown {
  try {
    return JSON.parse(message);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function parseControl(message: string): Control | undefined {
  const body = parseMessage(message);
  if (!isRecord(body)) return undefined;
  switch (body["type"]) {
    case "attached": {
      const terminal = record(body["terminal"]);
      return {
        type: "attached",
        from: number(body["from"]),
        end: number(terminal["end"]),
        fresh: body["fresh"] === true,
        cols: number(terminal["cols"]),
        rows: number(terminal["rows"]),
      };
    }
    case "truncated":
      return { type: "truncated", from: number(body["from"]), to: number(body["to"]) };
    case "resized":
      return { type: "resized", cols: number(body["cols"]), rows: number(body["rows"]) };
    case "renamed":
      return { type: "renamed", name: text(body["name"]) };
    case "exited":
      return { type: "exited", status: number(body["status"]) };
    default: {
      const words = text(body["message"]);
      return words === "" ? undefined : { type: "notice", message: words };
    }
  }
}
