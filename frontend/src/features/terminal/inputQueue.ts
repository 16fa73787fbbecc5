/**
 * What a person types or pastes, on its way out. Large pastes go in pieces, and wait while the socket still holds what
 * it was given: a browser would otherwise keep megabytes in memory, and Ctrl-C would stand behind them.
 */

const PIECE = 32 * 1024;
const HIGH_WATER = 128 * 1024;
/** Browsers tell nobody when a socket has sent its buffer, so it is looked at. */
const LOOK_AGAIN_MS = 15;

export interface InputSink {
  /** Bytes given to the socket and not sent yet. */
  buffered(): number;
  /** False when there is no connection now. */
  send(bytes: Uint8Array): boolean;
}

export class InputQueue {
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #sink: InputSink;
  readonly #limit: number;

  /** `limit` bounds the bytes that wait, for example while there is no connection. */
  constructor(sink: InputSink, limit = 16 * 1024 * 1024) {
    this.#sink = sink;
    this.#limit = limit;
  }

  get waitingBytes(): number {
    return this.#bytes;
  }

  /** False when more waits already than is sensible; nothing of `bytes` is taken then. */
  add(bytes: Uint8Array): boolean {
    if (this.#bytes + bytes.length > this.#limit) return false;
    for (let at = 0; at < bytes.length; at += PIECE) this.#waiting.push(bytes.subarray(at, at + PIECE));
    this.#bytes += bytes.length;
    this.flush();
    return true;
  }

  /** Sends what the socket takes. Called again by itself while it is full, and by the owner when it is connected. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (let piece = this.#waiting[0]; piece !== undefined; piece = this.#waiting[0]) {
      if (this.#sink.buffered() > HIGH_WATER) {
        this.#timer = setTimeout(() => this.flush(), LOOK_AGAIN_MS);
        return;
      }
      if (!this.#sink.send(piece)) return;
      this.#waiting.shift();
      this.#bytes -= piece.length;
    }
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = [];
    this.#bytes = 0;
  }
}
