import { useEffect, useRef } from "react";
import { t } from "@/shared/i18n/i18n";
import { useProject } from "@/shared/project/projectStore";
import { PickDialog } from "@/shared/ui/PickDialog";
import { PickList } from "@/shared/ui/PickList";
import { connectPorts, graph } from "../model/actions";
import { addInView, addNear } from "../model/adding";
import { connectable } from "../model/graph";
import { PALETTE, paletteItem } from "../model/palette";
import { openPopup, showNode, useView, type Popup } from "../model/view";
import { KindIcon } from "../panels/KindIcon";

function focusCanvas(): void {
  document.querySelector<HTMLElement>("[data-scope=canvas]")?.focus({ preventScroll: true });
}

function close(): void {
  openPopup(null);
  focusCanvas();
}

function QuickAdd({ popup }: { popup: Extract<Popup, { kind: "add" }> }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const outside = (event: Event) => {
      if (event.target instanceof window.Node && box.current?.contains(event.target) !== true) openPopup(null);
    };
    window.addEventListener("pointerdown", outside, true);
    return () => window.removeEventListener("pointerdown", outside, true);
  }, []);
  const { from } = popup;
  const items = PALETTE.filter((item) => from === undefined || item.kind === "code" || item.kind === "result");
  const add = (id: string) => {
    const item = paletteItem(id);
    const { view } = useView.getState();
    if (item === undefined || view === null) return;
    if (popup.at === undefined) addInView(view, item);
    else addNear(view, item, popup.at, from);
    close();
  };
  return (
    <div
      ref={box}
      role="dialog"
      aria-label={t("flow.add")}
      className="nokey fixed z-40 w-72 overflow-hidden rounded-xl border border-line-strong bg-panel shadow-pop"
      style={{
        left: Math.min(popup.screen.x, window.innerWidth - 304),
        top: Math.max(8, Math.min(popup.screen.y, window.innerHeight - 400)),
      }}
    >
      <PickList
        label={t("flow.add")}
        placeholder={t("flow.addSearch")}
        empty={t("flow.addNone")}
        onCancel={close}
        onPick={add}
        items={items.map((item) => ({
          id: item.id,
          label: t(item.title),
          detail: t(item.hint),
          icon: <KindIcon kind={item.kind} />,
        }))}
      />
    </div>
  );
}

function ConnectTo({ nodeId }: { nodeId: string }) {
  const title = useProject((state) => state.nodes.get(nodeId)?.title ?? "");
  const choices = connectable(graph(), nodeId);
  return (
    <PickDialog
      open
      title={t("flow.connectTo", { title })}
      placeholder={t("flow.connectTo", { title })}
      empty={t("flow.connectNone")}
      onClose={close}
      items={choices.map((choice, index) => ({ id: String(index), label: choice.label, aside: choice.type }))}
      onPick={(index) => {
        const choice = choices[Number(index)];
        if (choice !== undefined) connectPorts(choice);
        close();
      }}
    />
  );
}

function Jump() {
  const nodes = useProject((state) => state.nodes);
  return (
    <PickDialog
      open
      title={t("flow.jump")}
      placeholder={t("flow.jump")}
      empty={t("flow.jumpNone")}
      onClose={close}
      items={[...nodes.values()].map((node) => ({
        id: node.id,
        label: node.title,
        ...(node.description === "" ? {} : { detail: node.description }),
        icon: <KindIcon kind={node.kind} />,
        aside: node.file,
      }))}
      onPick={(id) => {
        close();
        showNode(id);
      }}
    />
  );
}

/** Lists that open over the canvas. */
export function Popups() {
  const popup = useView((state) => state.popup);
  switch (popup?.kind) {
    case undefined:
      return null;
    case "add":
      return <QuickAdd popup={popup} />;
    case "connect":
      return <ConnectTo nodeId={popup.nodeId} />;
    case "jump":
      return <Jump />;
  }
}
