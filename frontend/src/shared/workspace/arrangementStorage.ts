import { pageStorage } from "@/shared/preferences/pageStorage";
import { parseArrangement, type Arrangement } from "./arrangement";

/** What arrangements are kept under in this browser: then comes the person, then the project. */
const PREFIX = "aimforge.open:";
/** Of more projects, the one that was last arranged longest ago is forgotten. */
const MOST_PROJECTS = 50;

function keysOf(storage: Storage): string[] {
  return Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "").filter((key) => key.startsWith(PREFIX));
}

function writtenAt(storage: Storage, key: string): number {
  return Number(/^\d+/.exec(storage.getItem(key) ?? "")?.[0] ?? 0);
}

/** Where this browser keeps what one person has open of one project. Without storage, nothing is kept. */
export class ArrangementStorage {
  readonly #storage: Storage | undefined;
  readonly #key: string;

  constructor(personId: string, projectId: string, storage = pageStorage()) {
    this.#storage = storage;
    this.#key = `${PREFIX}${personId}:${projectId}`;
  }

  read(): Arrangement | undefined {
    const stored = this.#storage?.getItem(this.#key);
    return stored === null || stored === undefined ? undefined : parseArrangement(stored.slice(stored.indexOf(" ") + 1));
  }

  /** Keep it, with the time in front. Where there is no room, it is lost: text that is not saved needs the room more. */
  write(arrangement: Arrangement, now = Date.now()): void {
    if (this.#storage === undefined) return;
    try {
      this.#storage.setItem(this.#key, `${String(now)} ${JSON.stringify(arrangement)}`);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
    }
    this.#prune(this.#storage);
  }

  #prune(storage: Storage): void {
    const keys = keysOf(storage);
    if (keys.length <= MOST_PROJECTS) return;
    const byAge = keys.map((key) => ({ key, at: writtenAt(storage, key) })).sort((a, b) => a.at - b.at);
    for (const { key } of byAge.slice(0, keys.length - MOST_PROJECTS)) storage.removeItem(key);
  }
}

/** Forget what anybody had open: names of files are nobody else's business. */
export function forgetArrangements(storage = pageStorage()): void {
  if (storage === undefined) return;
  for (const key of keysOf(storage)) storage.removeItem(key);
}
