import { CircleAlert, CircleCheck, Info, X } from "lucide-react";
import { useEffect, useEffectEvent, useRef, useState, type KeyboardEvent } from "react";
import { t } from "@/shared/i18n/i18n";
import { useCommands } from "@/shared/keyboard/commands";
import { keyLabel } from "@/shared/keyboard/keys";
import { Button, IconButton } from "@/shared/ui/Button";
import { dismiss, useToasts, type Toast } from "@/shared/ui/toasts";

const ICONS = {
  info: <Info size={16} className="text-info" aria-hidden />,
  ok: <CircleCheck size={16} className="text-ok" aria-hidden />,
  error: <CircleAlert size={16} className="text-bad" aria-hidden />,
};
const LASTS_MS = 6_000;
const KEY = "F8";

/** `held`: somebody is about to read or press something, and is given the time. */
function ToastCard({ toast, held }: { toast: Toast; held: boolean }) {
  useEffect(() => {
    if (held || toast.kind === "error") return undefined;
    const timer = setTimeout(() => dismiss(toast.id), toast.lastsMs ?? LASTS_MS);
    return () => clearTimeout(timer);
  }, [toast, held]);
  return (
    <li className="flex items-start gap-2.5 rounded-lg border border-line-strong bg-raised py-2.5 pr-2 pl-3 shadow-pop">
      <span className="mt-0.5">{ICONS[toast.kind]}</span>
      <p className="min-w-0 flex-1 py-0.5 break-words">{toast.message}</p>
      {toast.action !== undefined && (
        <Button
          small
          aria-keyshortcuts={KEY}
          onClick={() => {
            toast.action?.run();
            dismiss(toast.id);
          }}
        >
          {toast.action.label}
          <kbd aria-hidden className="font-sans text-2xs text-faint pointer-coarse:hidden">
            {keyLabel(KEY)}
          </kbd>
        </Button>
      )}
      <IconButton small label={t("app.close")} icon={<X size={14} />} onClick={() => dismiss(toast.id)} />
    </li>
  );
}

/** The way there and back by key: what told something stands at the very end of the page. */
function useWay() {
  const place = useRef<HTMLDivElement>(null);
  const back = useRef<Element | null>(null);
  const at = useRef<Element | null>(null);
  const [within, setWithin] = useState(false);
  const count = useToasts((state) => state.toasts.length);
  const enter = () => {
    if (!within) back.current = document.activeElement;
    place.current?.querySelector<HTMLElement>("li:last-child button")?.focus();
  };
  const leave = () => {
    const to = back.current;
    const usable = to instanceof HTMLElement && to.isConnected && to !== document.body;
    (usable ? to : document.querySelector<HTMLElement>("[data-scope=canvas], main a[href], main button"))?.focus();
  };
  useCommands(() => [{ id: "app.toasts", title: "app.toToasts", keys: [KEY], enabled: () => count > 0, run: enter }]);
  // What was pressed is gone, and the focus with it: to the next one, or back.
  const moveOn = useEffectEvent(() => {
    if (at.current?.isConnected !== false || document.activeElement !== document.body) return;
    at.current = null;
    if (count > 0) enter();
    else leave();
  });
  useEffect(() => moveOn(), [count]);
  useEffect(() => {
    const follow = ({ target }: FocusEvent) => {
      const inside = target instanceof Element && place.current?.contains(target) === true;
      at.current = inside ? target : null;
      setWithin(inside);
    };
    document.addEventListener("focusin", follow);
    return () => document.removeEventListener("focusin", follow);
  }, []);
  return {
    ref: place,
    within,
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key === "Escape") leave();
    },
  };
}

/** What happened, in the corner; it goes by itself, and stays while somebody is at it. */
export function Toasts() {
  const toasts = useToasts((state) => state.toasts);
  const { within, ...way } = useWay();
  const [pointed, setPointed] = useState(false);
  return (
    <div
      role="status"
      aria-live="polite"
      data-toasts
      {...way}
      onPointerEnter={() => setPointed(true)}
      onPointerLeave={() => setPointed(false)}
      className="fixed right-4 bottom-9 z-50 w-88 max-w-[calc(100vw-2rem)]"
    >
      {toasts.length > 0 && (
        <ul className="flex flex-col gap-2">
          {toasts.map((toast) => (
            <ToastCard key={toast.id} toast={toast} held={within || pointed} />
          ))}
        </ul>
      )}
    </div>
  );
}
