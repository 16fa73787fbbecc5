import { nodePath } from "@/shared/api/paths";
import { request } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { keyLabel } from "@/shared/keyboard/keys";
import { useProject } from "@/shared/project/projectStore";
import { notify } from "@/shared/ui/toasts";
import type { Position } from "@/wire/generated";
import { deleteSelection, graph, orSayWhy } from "./actions";
import { takenPlaces } from "./adding";
import { announce } from "./announce";
import { clipFromText, clipOf, clipToText, paste, type Clip } from "./clipboard";
import { freePlace } from "./freePlace";
import { bounds } from "./geometry";
import { perform } from "./history";
import { select, selectedNodes } from "./selection";
import { withGroupMembers } from "./steps";
import { useView } from "./view";
import { readClipboard, writeClipboard } from "./writeClipboard";

/** Copies go through the clipboard as text, and so from project to project. */

async function readCode(ids: ReadonlySet<string>): Promise<Map<string, string>> {
  const { id: projectId, nodes } = useProject.getState();
  const sources = [...ids].filter((id) => nodes.get(id)?.kind === "code");
  const read = async (id: string): Promise<[string, string]> => {
    const response = await request(nodePath(projectId, id, "/code"));
    return [id, await response.text()];
  };
  return new Map(await Promise.all(sources.map(read)));
}

async function selectedClip(): Promise<Clip> {
  const ids = withGroupMembers(graph(), selectedNodes());
  return clipOf(graph(), ids, await readCode(ids));
}

/** The last copy, for browsers that do not let a page read the clipboard. */
let lastCopied = "";
/** The last copy, until the clipboard has it: some browsers do not let a page write there either. */
let unwritten = "";
/** A copy whose code is still being read: who pastes meanwhile means this one. */
let copying: Promise<void> | null = null;

export function copySelection(cut = false): Promise<void> {
  const work = orSayWhy(async () => {
    const clip = await selectedClip();
    lastCopied = unwritten = clipToText(clip);
    if (await writeClipboard(lastCopied)) unwritten = "";
    else notify({ kind: "info", message: t("flow.copiedHere") });
    if (cut) deleteSelection();
    announce(t("flow.copied", { count: clip.nodes.length }));
  }).finally(() => {
    if (copying === work) copying = null;
  });
  copying = work;
  return work;
}

/** Where the corner of a copy is that lies on nothing else, with its middle as near to a place as may be. */
function freePlaceFor(clip: Clip, middle: Position): Position {
  const { view } = useView.getState();
  const rect = bounds(clip.nodes);
  if (view === null || rect === null) return middle;
  const wanted = { x: middle.x - rect.width / 2, y: middle.y - rect.height / 2 };
  return freePlace(takenPlaces(view.seen()), rect, wanted, view.seen());
}

function show(ids: readonly string[]): void {
  const { view } = useView.getState();
  const rect = bounds(ids.flatMap((id) => graph().nodes.get(id) ?? []));
  if (view !== null && rect !== null) view.reveal(rect);
}

function put(clip: Clip, at?: Position): void {
  const { edit, ids } = paste(graph(), clip, at === undefined ? undefined : freePlaceFor(clip, at));
  perform(edit);
  select(ids);
  if (at !== undefined) show(ids);
  announce(t("flow.pasted", { count: ids.length }));
}

function pasteText(text: string, at?: Position): boolean {
  const clip = clipFromText(text);
  if (clip === null) return false;
  put(clip, at);
  return true;
}

/**
 * Paste what the browser handed over for a key press, which needs no permission and waits for nothing.
 * False when that were no nodes.
 */
export async function pasteHanded(text: string, at?: Position): Promise<boolean> {
  const early = copying !== null;
  await copying;
  return pasteText(early ? lastCopied : text, at) || (unwritten !== "" && pasteText(unwritten, at));
}

/** Paste for a menu: the page itself reads the clipboard, which a browser may ask about, or refuse. */
export function pasteClipboard(at?: Position): Promise<void> {
  return orSayWhy(async () => {
    await copying;
    const text = await readClipboard();
    if (pasteText(text ?? lastCopied, at)) return;
    const message = text === null ? t("flow.pasteByKey", { keys: keyLabel("Mod+V") }) : t("flow.nothingToPaste");
    notify({ kind: "info", message });
  });
}

export function duplicateSelection(): Promise<void> {
  return orSayWhy(async () => put(await selectedClip()));
}
