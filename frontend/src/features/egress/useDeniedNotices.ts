import { useRef } from "react";
import { t } from "@/shared/i18n/i18n";
import { useEvent } from "@/shared/session/session";
import { notify } from "@/shared/ui/toasts";
import { showLeft } from "@/shared/workspace/workspace";
import { hostEntry } from "./hostEntry";

const AGAIN_MS = 60_000;

/** Tells of connections that were refused, of each host once a minute: programs try again by themselves. */
export function useDeniedNotices(): void {
  const told = useRef(new Map<string, number>());
  useEvent("egress_denied", ({ data }) => {
    const now = Date.now();
    const host = hostEntry(data.host, data.port);
    const last = told.current.get(host);
    if (last !== undefined && now - last < AGAIN_MS) return;
    if (told.current.size > 200) told.current.clear();
    told.current.set(host, now);
    notify({
      kind: "info",
      message: t("egress.denied", { host }),
      action: { label: t("egress.open"), run: () => showLeft("network") },
      lastsMs: 12_000,
    });
  });
}
