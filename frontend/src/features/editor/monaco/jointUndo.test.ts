import { afterEach, beforeEach, expect, it } from "vitest";
import { useToasts } from "@/shared/ui/toasts";
import { joinNextEdit, type UndoableText } from "./jointUndo";

/** A text with a stack of steps, as Monaco has it: versions come back with undo and redo. */
class Text implements UndoableText {
  readonly path: string;
  readonly #listeners = new Set<(event: { isUndoing: boolean; isRedoing: boolean }) => void>();
  #versions = [1];
  #at = 0;
  #newest = 1;
  disposed = false;

  constructor(path: string) {
    this.path = path;
  }

  edit(): void {
    this.#newest += 1;
    this.#versions = [...this.#versions.slice(0, this.#at + 1), this.#newest];
    this.#go(1, { isUndoing: false, isRedoing: false });
  }
  undo(): void {
    if (this.#at > 0) this.#go(-1, { isUndoing: true, isRedoing: false });
  }
  redo(): void {
    if (this.#at < this.#versions.length - 1) this.#go(1, { isUndoing: false, isRedoing: true });
  }
  getAlternativeVersionId(): number {
    return this.#versions[this.#at] ?? 0;
  }
  isDisposed(): boolean {
    return this.disposed;
  }
  onDidChangeContent(listener: (event: { isUndoing: boolean; isRedoing: boolean }) => void) {
    this.#listeners.add(listener);
    return { dispose: () => void this.#listeners.delete(listener) };
  }
  #go(step: number, event: { isUndoing: boolean; isRedoing: boolean }): void {
    this.#at += step;
    for (const listener of [...this.#listeners]) listener(event);
  }
}

const told = () => useToasts.getState().toasts.map(({ message }) => message);
const rest = () => Promise.resolve();

let texts: Text[] = [];
let [a, b, c] = [new Text("a.py"), new Text("b.py"), new Text("c.py")];
const versions = () => texts.map((text) => text.getAlternativeVersionId());

beforeEach(async () => {
  texts = [a, b, c] = [new Text("a.py"), new Text("b.py"), new Text("c.py")];
  joinNextEdit(a, [b, c]);
  for (const text of texts) text.edit();
  await rest();
});
afterEach(() => useToasts.setState({ toasts: [] }));

it("undoes all of the texts, and makes all of it again", async () => {
  a.undo();
  await rest();
  expect(versions()).toEqual([1, 1, 1]);
  a.redo();
  await rest();
  expect(versions()).toEqual([2, 2, 2]);
  expect(told()).toEqual(["The rename is taken back in 2 other files too.", "The rename is made again in 2 other files too."]);
});

it("leaves later steps alone, and takes the rename back after them", async () => {
  a.edit();
  a.undo();
  await rest();
  expect(versions()).toEqual([2, 2, 2]);
  a.undo();
  await rest();
  expect(versions()).toEqual([1, 1, 1]);
});

it("touches none of the others when one has changed since, and says which", async () => {
  b.edit();
  a.undo();
  await rest();
  expect(versions()).toEqual([1, 3, 2]);
  expect(told()).toEqual(["The rename is taken back here alone: b.py changed since, or was closed. Redo makes it again here."]);
  a.redo();
  await rest();
  expect(versions()).toEqual([2, 3, 2]);
  // As it was before: with that change gone, undo reaches all of them.
  b.undo();
  a.undo();
  await rest();
  expect(versions()).toEqual([1, 1, 1]);
});

it("is only about the text that it began in, and skips those where it is undone already", async () => {
  b.undo();
  await rest();
  expect(versions()).toEqual([2, 1, 2]);
  a.undo();
  await rest();
  expect(versions()).toEqual([1, 1, 1]);
});

it("says so when one was closed", async () => {
  c.disposed = true;
  a.undo();
  await rest();
  expect(versions()).toEqual([1, 2, 2]);
  expect(told()[0]).toContain("c.py");
});

it("joins nothing when the edit was given up", async () => {
  joinNextEdit(a, [b, c]);
  a.edit();
  await rest();
  a.undo();
  await rest();
  expect(versions()).toEqual([2, 2, 2]);
});
