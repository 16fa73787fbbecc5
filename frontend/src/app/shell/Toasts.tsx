import { CircleAlert, CircleCheck, Info, X } from "lucide-react";
import { useEffect } from "react";
import { t } from "@/shared/i18n/i18n";
import { Button, IconButton } from "@/shared/ui/Button";
import { dismiss, useToasts, type Toast } from "@/shared/ui/toasts";

const ICONS = {
  info: <Info size={16} className="text-info" />,
  ok: <CircleCheck size={16} className="text-ok" />,
  error: <CircleAlert size={16} className="text-bad" />,
};
const LASTS_MS = 6_000;

function ToastCard({ toast }: { toast: Toast }) {
  useEffect(() => {
    if (toast.kind === "error") return undefined;
    const timer = setTimeout(() => dismiss(toast.id), toast.lastsMs ?? LASTS_MS);
    return () => clearTimeout(timer);
  }, [toast]);
  return (
    <li className="flex items-start gap-2.5 rounded-lg border border-line-strong bg-raised py-2.5 pr-2 pl-3 shadow-pop">
      <span className="mt-0.5">{ICONS[toast.kind]}</span>
      <p className="min-w-0 flex-1 py-0.5 break-words">{toast.message}</p>
      {toast.action !== undefined && (
        <Button
          small
          onClick={() => {
            toast.action?.run();
            dismiss(toast.id);
          }}
        >
          {toast.action.label}
        </Button>
      )}
      <IconButton small label={t("app.close")} icon={<X size={14} />} onClick={() => dismiss(toast.id)} />
    </li>
  );
}

export function Toasts() {
  const toasts = useToasts((state) => state.toasts);
  return (
    <div role="status" aria-live="polite" className="fixed right-4 bottom-9 z-50 w-88 max-w-[calc(100vw-2rem)]">
      {toasts.length > 0 && (
        <ul className="flex flex-col gap-2">
          {toasts.map((toast) => (
            <ToastCard key={toast.id} toast={toast} />
          ))}
        </ul>
      )}
    </div>
  );
}
