import { Search } from "lucide-react";
import { useState } from "react";
import { t } from "@/shared/i18n/i18n";
import { useMayEdit } from "@/shared/project/projectStore";
import { ranked } from "@/shared/ui/PickList";
import { addInView } from "../model/adding";
import { PALETTE, PALETTE_DRAG_TYPE, type PaletteItem } from "../model/palette";
import { useView } from "../model/view";
import { KindIcon } from "./KindIcon";

const GROUPS = ["code", "input", "other"] as const;

function Item({ item }: { item: PaletteItem }) {
  const mayEdit = useMayEdit();
  return (
    <li>
      <button
        type="button"
        draggable={mayEdit}
        disabled={!mayEdit}
        onDragStart={(event) => {
          event.dataTransfer.setData(PALETTE_DRAG_TYPE, item.id);
          event.dataTransfer.effectAllowed = "copy";
        }}
        onClick={({ detail }) => {
          const { view } = useView.getState();
          // A double click is one wish, as on the canvas: its second half adds nothing. By key there is no count.
          if (view !== null && (detail === 0 || detail % 2 === 1)) addInView(view, item);
        }}
        className="flex w-full cursor-grab items-start gap-2.5 rounded-md px-2 py-1.5 text-left not-disabled:hover:bg-hover disabled:cursor-default disabled:opacity-45"
      >
        <span className="mt-0.75">
          <KindIcon kind={item.kind} />
        </span>
        <span className="min-w-0">
          <span className="block text-sm">{t(item.title)}</span>
          <span className="block text-2xs text-faint">{t(item.hint)}</span>
        </span>
      </button>
    </li>
  );
}

/** What can be added: press, or drag onto the canvas or onto a wire. */
export function Palette() {
  const [query, setQuery] = useState("");
  const items = ranked(
    PALETTE.map((item) => ({ item, label: t(item.title), detail: t(item.hint) })),
    query,
  );
  return (
    <div className="flex h-full flex-col">
      <label className="relative m-2 block">
        <span className="sr-only">{t("flow.paletteSearch")}</span>
        <Search size={14} className="absolute top-2 left-2.5 text-faint" />
        <input
          type="search"
          value={query}
          placeholder={t("flow.paletteSearch")}
          onChange={(event) => setQuery(event.target.value)}
          className="h-7.5 w-full rounded-md border border-line-strong bg-base pr-2 pl-8 text-xs"
        />
      </label>
      <div className="min-h-0 flex-1 overflow-y-auto px-1.5 pb-3">
        {GROUPS.map((group) => {
          const shown = items.filter(({ item }) => item.group === group);
          if (shown.length === 0) return null;
          return (
            <section key={group} className="mb-2">
              <h2 className="px-2 pt-1 pb-1 text-2xs font-semibold text-muted">{t(`flow.paletteGroup.${group}`)}</h2>
              <ul>
                {shown.map(({ item }) => (
                  <Item key={item.id} item={item} />
                ))}
              </ul>
            </section>
          );
        })}
        <p className="px-2 pt-1 text-2xs text-faint">{t("flow.paletteHint")}</p>
      </div>
    </div>
  );
}
