import { useQuery } from "@tanstack/react-query";
import { Globe } from "lucide-react";

import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { useLive } from "@/shared/live/liveStore";
import { Menu, type MenuItems } from "@/shared/ui/Menu";
import { notify } from "@/shared/ui/toasts";
import type { ListeningPort } from "@/wire/generated";

import { listPorts, previewAddress } from "./statusApi";
import { StatusButton } from "./StatusItem";

const REFRESH_MS = 5_000;

/** The tab is opened at once, as browsers want it, and goes to the server when its address is known. */
async function open(projectId: string, port: number): Promise<void> {
  const tab = window.open("", "_blank");
  try {
    const url = await previewAddress(projectId, port);
    if (tab === null) window.location.assign(url);
    else {
      tab.opener = null;
      tab.location.replace(url);
    }
  } catch (error) {
    tab?.close();
    notify({ kind: "error", message: messageOf(error) });
  }
}

function item(projectId: string, { port, program }: ListeningPort): MenuItems[number] {
  const label = t("statusbar.portOpen", { port, program: program === "" ? t("statusbar.portUnknown") : program });
  return { label, icon: <Globe size={13} />, onSelect: () => void open(projectId, port) };
}

/** Servers in the sandbox, such as a notebook or a web app: each opens in a tab of its own. */
export function PortsStatus({ projectId }: { projectId: string }) {
  const ready = useLive((state) => state.sandbox?.state === "ready");
  const ports = useQuery({
    queryKey: ["ports", projectId],
    queryFn: ({ signal }) => listPorts(projectId, signal),
    enabled: ready && projectId !== "",
    refetchInterval: REFRESH_MS,
    retry: false,
  });
  if (!ready || ports.data === undefined) return null;
  const none: MenuItems = [{ label: t("statusbar.noPorts"), disabled: true, onSelect: () => undefined }];
  return (
    <Menu
      note={ports.data.length === 0 ? "" : t("statusbar.portsHint")}
      items={ports.data.length === 0 ? none : ports.data.map((port) => item(projectId, port))}
      trigger={
        <StatusButton icon={<Globe size={12} aria-hidden />} title={t("statusbar.portsHint")}>
          {t("statusbar.ports", { count: ports.data.length })}
        </StatusButton>
      }
    />
  );
}
