/** A Monaco editor without React: created in an effect, told what changes, disposed with the view. */

import type { Cursor } from "@/shared/workspace/cursor";

import { monaco } from "./monaco";

export interface CodeEditorOptions {
  readonly label: string;
  readonly fontSize: number;
  readonly readOnly: boolean;
}

export interface CodeEditorListeners {
  onCursor(cursor: Cursor | null): void;
  onFocus(): void;
}

export interface CodeEditor {
  show(model: monaco.editor.ITextModel | undefined): void;
  update(options: CodeEditorOptions): void;
  reveal(line: number, column: number): void;
  focus(): void;
  /** Where the cursor is. */
  place(): { line: number; column: number };
  /** Runs one of Monaco's own actions, such as `editor.action.rename`. */
  run(action: string): void;
  dispose(): void;
}

const FONT = '"JetBrains Mono", "Cascadia Code", ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';

function calm(): boolean {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}

function settings({ label, fontSize, readOnly }: CodeEditorOptions): monaco.editor.IEditorOptions & monaco.editor.IGlobalEditorOptions {
  return {
    ariaLabel: label,
    fontSize,
    readOnly,
    fontFamily: FONT,
    lineHeight: 1.55,
    minimap: { enabled: false },
    // Behind a shadow root the context menu would not see the theme's colours.
    useShadowDOM: false,
    // Widgets of a narrow editor would be cut off at its edge.
    fixedOverflowWidgets: true,
    scrollBeyondLastLine: false,
    // The number of the last, empty line would be too faint to read.
    renderFinalNewline: "on",
    smoothScrolling: false,
    cursorBlinking: calm() ? "solid" : "blink",
    padding: { top: 8, bottom: 8 },
    renderLineHighlight: "line",
    stickyScroll: { enabled: false },
    quickSuggestions: { other: true, comments: false, strings: false },
    lightbulb: { enabled: monaco.editor.ShowLightbulbIconMode.OnCode },
    tabSize: 4,
    overviewRulerBorder: false,
    scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10 },
  };
}

class StandaloneEditor implements CodeEditor {
  readonly #editor: monaco.editor.IStandaloneCodeEditor;
  readonly #listeners: CodeEditorListeners;
  /** Scroll and selection of each text that was shown, by its URI. */
  readonly #views = new Map<string, monaco.editor.ICodeEditorViewState>();

  constructor(host: HTMLElement, options: CodeEditorOptions, listeners: CodeEditorListeners) {
    this.#listeners = listeners;
    this.#editor = monaco.editor.create(host, { ...settings(options), model: null, automaticLayout: true });
    const tell = () => this.#tellCursor();
    this.#editor.onDidChangeCursorSelection(tell);
    this.#editor.onDidFocusEditorWidget(() => {
      listeners.onFocus();
      tell();
    });
  }

  show(model: monaco.editor.ITextModel | undefined): void {
    const before = this.#editor.getModel();
    if (before === (model ?? null)) return;
    const view = before === null ? null : this.#editor.saveViewState();
    if (before !== null && view !== null) this.#views.set(before.uri.toString(), view);
    this.#editor.setModel(model ?? null);
    const seen = model === undefined ? undefined : this.#views.get(model.uri.toString());
    if (seen !== undefined) this.#editor.restoreViewState(seen);
    this.#tellCursor();
  }

  update(options: CodeEditorOptions): void {
    this.#editor.updateOptions(settings(options));
  }

  reveal(line: number, column: number): void {
    this.#editor.setPosition({ lineNumber: line, column });
    this.#editor.revealLineInCenterIfOutsideViewport(line, monaco.editor.ScrollType.Immediate);
  }

  focus(): void {
    this.#editor.focus();
  }

  place(): { line: number; column: number } {
    const position = this.#editor.getPosition();
    return { line: position?.lineNumber ?? 1, column: position?.column ?? 1 };
  }

  run(action: string): void {
    this.#editor.focus();
    this.#editor.trigger("command", action, null);
  }

  dispose(): void {
    this.#listeners.onCursor(null);
    this.#editor.dispose();
  }

  #tellCursor(): void {
    const model = this.#editor.getModel();
    const selection = this.#editor.getSelection();
    if (model === null || selection === null) {
      this.#listeners.onCursor(null);
      return;
    }
    this.#listeners.onCursor({
      line: selection.positionLineNumber,
      column: selection.positionColumn,
      selected: selection.isEmpty() ? 0 : model.getValueLengthInRange(selection),
      language: model.getLanguageId(),
    });
  }
}

export function createCodeEditor(host: HTMLElement, options: CodeEditorOptions, listeners: CodeEditorListeners): CodeEditor {
  return new StandaloneEditor(host, options, listeners);
}

export interface ConflictEditor {
  /** Puts the cursor into one's own text. */
  focus(line: number, column: number): void;
  dispose(): void;
}

/** Two texts side by side: the other one, which cannot be changed, and one's own, which can. */
export function createConflictEditor(
  host: HTMLElement,
  theirs: string,
  mine: monaco.editor.ITextModel,
  options: CodeEditorOptions,
): ConflictEditor {
  const original = monaco.editor.createModel(theirs, mine.getLanguageId());
  const editor = monaco.editor.createDiffEditor(host, {
    ...settings(options),
    automaticLayout: true,
    originalEditable: false,
    renderSideBySide: true,
    useInlineViewWhenSpaceIsLimited: true,
    // The headings above change at the same width.
    renderSideBySideInlineBreakpoint: 700,
    renderMarginRevertIcon: true,
  });
  editor.setModel({ original, modified: mine });
  return {
    focus: (lineNumber, column) => {
      const own = editor.getModifiedEditor();
      own.setPosition({ lineNumber, column });
      own.revealLineInCenterIfOutsideViewport(lineNumber, monaco.editor.ScrollType.Immediate);
      own.focus();
    },
    dispose: () => {
      editor.setModel(null);
      editor.dispose();
      original.dispose();
    },
  };
}
