/** xterm.js without React: created in an effect, told what changes, disposed with the view. */

import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { Unicode11Addon } from "@xterm/addon-unicode11";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { Terminal } from "@xterm/xterm";

import { TerminalSession, type TerminalState } from "./terminalSession";
import { xtermTheme } from "./xtermTheme";

export interface XtermSettings {
  readonly fontSize: number;
  readonly webgl: boolean;
  readonly screenReader: boolean;
  readonly label: string;
  /** Whoever may only look types nothing, and does not choose the size. */
  readonly readOnly: boolean;
}

export interface XtermListeners {
  onState(state: TerminalState): void;
  /** A sentence for people: bytes that were lost, a refusal to a viewer. */
  onNotice(message: string): void;
  onTooMuch(): void;
  onSearch(index: number, count: number): void;
  truncated(bytes: number): string;
}

const FONT = '"JetBrains Mono", "Cascadia Code", ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';
/** As terminals send it, xterm among them. */
const F6 = "\x1b[17~";
const RESIZE_PAUSE_MS = 80;

function openLink(_event: MouseEvent, uri: string): void {
  if (/^https?:\/\//i.test(uri)) window.open(uri, "_blank", "noopener,noreferrer");
}

export class XtermTerminal {
  readonly session: TerminalSession;
  readonly #term: Terminal;
  readonly #fit = new FitAddon();
  readonly #search = new SearchAddon();
  readonly #host: HTMLElement;
  readonly #listeners: XtermListeners;
  readonly #resizes: ResizeObserver;
  readonly #themes: MutationObserver;
  readonly #encoder = new TextEncoder();
  #resizing: ReturnType<typeof setTimeout> | undefined;
  #webgl: { dispose(): void } | undefined;
  #wantsWebgl = false;
  #disposed = false;
  #readOnly = false;

  constructor(host: HTMLElement, path: (from: number | undefined) => string, settings: XtermSettings, listeners: XtermListeners) {
    this.#host = host;
    this.#listeners = listeners;
    this.#term = new Terminal({
      allowProposedApi: true,
      fontFamily: FONT,
      fontSize: settings.fontSize,
      lineHeight: 1.2,
      scrollback: 10_000,
      cursorBlink: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
      minimumContrastRatio: 4.5,
      macOptionIsMeta: true,
      theme: xtermTheme(),
    });
    this.#term.loadAddon(this.#fit);
    this.#term.loadAddon(this.#search);
    this.#term.loadAddon(new Unicode11Addon());
    this.#term.loadAddon(new WebLinksAddon(openLink));
    this.#term.unicode.activeVersion = "11";
    this.#term.open(host);
    this.session = this.#open(path);
    this.#listen();
    this.#resizes = new ResizeObserver(() => this.#fitSoon());
    this.#resizes.observe(host);
    this.#themes = new MutationObserver(() => (this.#term.options.theme = xtermTheme()));
    this.#themes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    this.update(settings);
    this.#fitNow();
  }

  update(settings: XtermSettings): void {
    this.#term.options.fontSize = settings.fontSize;
    this.#readOnly = settings.readOnly;
    this.#term.options.disableStdin = settings.readOnly;
    this.#term.options.screenReaderMode = settings.screenReader;
    this.#term.textarea?.setAttribute("aria-label", settings.label);
    void this.#setWebgl(settings.webgl);
    this.#fitSoon();
  }

  focus(): void {
    this.#term.focus();
  }

  clear(): void {
    this.#term.clear();
  }

  get selection(): string {
    return this.#term.getSelection();
  }

  async copy(): Promise<void> {
    if (this.selection !== "") await navigator.clipboard.writeText(this.selection);
  }

  /** Give the program F6, as if it had been typed: the page keeps the key itself, to lead out of the terminal. */
  sendF6(): void {
    this.#term.input(F6);
  }

  async paste(): Promise<void> {
    this.#term.paste(await navigator.clipboard.readText());
    this.#term.focus();
  }

  find(text: string, backwards: boolean, incremental = false): void {
    const styles = getComputedStyle(document.documentElement);
    const decorations = {
      matchBackground: styles.getPropertyValue("--accent-soft").trim(),
      activeMatchBackground: styles.getPropertyValue("--line-strong").trim(),
      matchOverviewRuler: styles.getPropertyValue("--accent").trim(),
      activeMatchColorOverviewRuler: styles.getPropertyValue("--accent").trim(),
    };
    if (backwards) this.#search.findPrevious(text, { decorations });
    else this.#search.findNext(text, { decorations, incremental });
  }

  endSearch(): void {
    this.#search.clearDecorations();
    this.#term.focus();
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#resizing);
    this.#resizes.disconnect();
    this.#themes.disconnect();
    this.session.dispose();
    this.#term.dispose();
  }

  #open(path: (from: number | undefined) => string): TerminalSession {
    return new TerminalSession({
      path,
      screen: {
        write: (bytes, done) => this.#term.write(bytes, done),
        reset: () => this.#term.reset(),
        resize: (cols, rows) => this.#term.resize(Math.max(2, cols), Math.max(1, rows)),
      },
      onState: (state) => this.#listeners.onState(state),
      onNotice: (message) => this.#listeners.onNotice(message),
      onTruncated: (bytes) => this.#term.write(`\r\n\x1b[2m${this.#listeners.truncated(bytes)}\x1b[0m\r\n`),
    });
  }

  #listen(): void {
    this.#term.onData((data) => this.#type(this.#encoder.encode(data)));
    // Mouse reports of old programs: each character is one byte.
    this.#term.onBinary((data) => this.#type(Uint8Array.from(data, (character) => character.charCodeAt(0))));
    this.#search.onDidChangeResults(({ resultIndex, resultCount }) => this.#listeners.onSearch(resultIndex, resultCount));
    // The size follows who works in the terminal: looking at it does not change it under somebody else.
    this.#term.textarea?.addEventListener("focus", () => this.#fitSoon());
    this.#term.attachCustomKeyEventHandler((event) => this.#ownKey(event));
  }

  /** Ctrl-Shift-C and -V copy and paste, as in every terminal where Ctrl-C means something else. */
  #ownKey(event: KeyboardEvent): boolean {
    if (event.type !== "keydown" || !event.shiftKey || !(event.ctrlKey || event.metaKey)) return true;
    const action = event.code === "KeyC" ? this.copy() : event.code === "KeyV" ? this.paste() : undefined;
    if (action === undefined) return true;
    event.preventDefault();
    action.catch((error: unknown) => this.#listeners.onNotice(error instanceof Error ? error.message : String(error)));
    return false;
  }

  #type(bytes: Uint8Array): void {
    if (!this.session.type(bytes)) this.#listeners.onTooMuch();
  }

  #fitSoon(): void {
    clearTimeout(this.#resizing);
    this.#resizing = setTimeout(() => this.#fitNow(), RESIZE_PAUSE_MS);
  }

  #fitNow(): void {
    // A panel that is hidden has no size, and must not give the program one.
    if (this.#disposed || this.#readOnly || this.#host.clientWidth === 0 || this.#host.clientHeight === 0) return;
    const size = this.#fit.proposeDimensions();
    if (size === undefined || Number.isNaN(size.cols) || Number.isNaN(size.rows)) return;
    this.#term.resize(Math.max(2, size.cols), Math.max(1, size.rows));
    this.session.resize(size.cols, size.rows);
  }

  async #setWebgl(wanted: boolean): Promise<void> {
    this.#wantsWebgl = wanted;
    if (!wanted) {
      this.#webgl?.dispose();
      this.#webgl = undefined;
      return;
    }
    const { WebglAddon } = await import("@xterm/addon-webgl");
    if (this.#disposed || !this.#wantsWebgl || this.#webgl !== undefined) return;
    try {
      const addon = new WebglAddon();
      addon.onContextLoss(() => {
        addon.dispose();
        this.#webgl = undefined;
      });
      this.#term.loadAddon(addon);
      this.#webgl = addon;
    } catch (error) {
      // No WebGL here: the terminal goes on with its ordinary renderer.
      this.#listeners.onNotice(error instanceof Error ? error.message : String(error));
    }
  }
}
