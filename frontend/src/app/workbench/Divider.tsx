import { Separator } from "react-resizable-panels";
import { t } from "@/shared/i18n/i18n";

/** Between two panels: one pixel to see, more to grab. */
export function Divider({ label, vertical = false, hidden = false }: { label: string; vertical?: boolean; hidden?: boolean }) {
  const shape = vertical ? "h-px before:-inset-y-1 before:inset-x-0" : "w-px before:-inset-x-1 before:inset-y-0";
  return (
    <Separator
      aria-label={t("app.sizeOf", { name: label })}
      disabled={hidden}
      className={`relative shrink-0 bg-line outline-none before:absolute before:z-10 before:content-[''] hover:bg-accent focus-visible:before:bg-focus data-[separator=active]:bg-accent ${shape} ${hidden ? "invisible" : ""}`}
    />
  );
}
