import { CloudOff } from "lucide-react";
import { useEffect, useState, useSyncExternalStore } from "react";
import { t } from "@/shared/i18n/i18n";
import { useLive } from "@/shared/live/liveStore";
import { reconnectNow } from "@/shared/session/projectSession";
import { Button } from "@/shared/ui/Button";

const BANNER = "flex items-center justify-center gap-3 border-b border-warn/40 bg-warn-soft px-4 py-1.5 text-warn";

function useSecondsUntil(time: number | null): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (time === null) return undefined;
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [time]);
  return time === null ? 0 : Math.max(0, Math.ceil((time - now) / 1000));
}

function onNetwork(changed: () => void): () => void {
  window.addEventListener("online", changed);
  window.addEventListener("offline", changed);
  return () => {
    window.removeEventListener("online", changed);
    window.removeEventListener("offline", changed);
  };
}

/** Over the workbench while the event stream is away, or the device, which sockets notice late: what happened, and when it is tried again. */
export function ConnectionBanner() {
  const connection = useLive((state) => state.connection);
  const message = useLive((state) => state.connectionMessage);
  const seconds = useSecondsUntil(useLive((state) => state.retryAt));
  const online = useSyncExternalStore(onNetwork, () => navigator.onLine);
  if (connection !== "waiting" && connection !== "closed") {
    if (online) return null;
    return (
      <div role="alert" className={BANNER}>
        <CloudOff size={15} />
        <span>{t("app.deviceOffline")}</span>
      </div>
    );
  }
  const text =
    connection === "closed"
      ? t("app.connectionClosed", { message })
      : `${message === "" ? t("app.connectionLost") : message} ${t("app.connectionRetry", { seconds })}`;
  return (
    <div role="alert" className={BANNER}>
      <CloudOff size={15} />
      <span>{text}</span>
      {connection === "waiting" ? (
        <Button small onClick={reconnectNow}>
          {t("app.reconnectNow")}
        </Button>
      ) : (
        <Button small onClick={() => window.location.reload()}>
          {t("app.openAnyway")}
        </Button>
      )}
    </div>
  );
}
