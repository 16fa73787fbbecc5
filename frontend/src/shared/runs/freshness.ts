/** Reads what changes with almost every event: once for many of them, and never shows an answer that is out of date. */

export interface RefreshOptions<T> {
  load: () => Promise<T>;
  apply: (value: T) => void;
  onError: (error: unknown) => void;
  delayMs: number;
}

/**
 * At most one reading at a time. Whatever happens while an answer is under way may not be in it: that answer is dropped
 * and asked for again. Further requests do not put a reading off, so that a stream of events cannot starve it.
 */
export class Refresh<T> {
  readonly #options: RefreshOptions<T>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reading = false;
  #again = false;
  #disposed = false;

  constructor(options: RefreshOptions<T>) {
    this.#options = options;
  }

  /** Something changed: read soon. */
  request(): void {
    if (this.#disposed) return;
    if (this.#reading) this.#again = true;
    else this.#timer ??= setTimeout(() => void this.#read(), this.#options.delayMs);
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
  }

  async #read(): Promise<void> {
    this.#timer = undefined;
    this.#reading = true;
    this.#again = false;
    try {
      const value = await this.#options.load();
      if (this.#isCurrent()) this.#options.apply(value);
    } catch (error) {
      if (this.#isCurrent()) this.#options.onError(error);
    } finally {
      this.#reading = false;
    }
    if (!this.#isCurrent()) this.request();
  }

  #isCurrent(): boolean {
    return !this.#disposed && !this.#again;
  }
}
