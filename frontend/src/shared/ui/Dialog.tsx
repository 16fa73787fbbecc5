import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { useRef, type ReactNode } from "react";
import { t } from "@/shared/i18n/i18n";
import { useFocusReturn } from "./focusReturn";

export interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  description?: string;
  width?: "sm" | "md" | "lg";
  children: ReactNode;
  footer?: ReactNode;
}

const WIDTHS = { sm: "max-w-md", md: "max-w-xl", lg: "max-w-4xl" };

function Content({ title, description, width = "md", children, footer }: Omit<DialogProps, "open" | "onClose">) {
  const body = useRef<HTMLDivElement>(null);
  return (
    <Radix.Content
      {...(description === undefined ? { "aria-describedby": undefined } : {})}
      onOpenAutoFocus={(event) => {
        // Nothing in it asked for the focus: its contents get it, to be scrolled, not the button that closes it and that one's tooltip.
        event.preventDefault();
        body.current?.focus();
      }}
      {...useFocusReturn()}
      className={`fixed top-[12vh] left-1/2 z-50 flex max-h-[76vh] w-[calc(100vw-2rem)] -translate-x-1/2 flex-col rounded-xl border border-line-strong bg-panel shadow-pop ${WIDTHS[width]}`}
    >
      <header className="flex items-start gap-4 px-5 pt-4 pb-3">
        <div className="min-w-0 flex-1">
          {/* What lies behind is hidden while it is open: this is the page's heading then. */}
          <Radix.Title asChild>
            <h1 className="text-lg font-semibold">{title}</h1>
          </Radix.Title>
          {description !== undefined && (
            <Radix.Description className="mt-0.5 text-muted">{description}</Radix.Description>
          )}
        </div>
        {/* No tooltip: Escape would close that first, and not the dialog. */}
        <Radix.Close
          aria-label={t("app.close")}
          className="inline-flex size-8 shrink-0 items-center justify-center rounded-md text-muted transition-colors hover:bg-hover hover:text-text"
        >
          <X size={16} aria-hidden />
        </Radix.Close>
      </header>
      <div ref={body} tabIndex={-1} className="min-h-0 flex-1 overflow-y-auto px-5 pb-5 outline-none">{children}</div>
      {footer !== undefined && (
        <footer className="flex justify-end gap-2 border-t border-line px-5 py-3">{footer}</footer>
      )}
    </Radix.Content>
  );
}

export function Dialog({ open, onClose, ...content }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-scrim" />
        <Content {...content} />
      </Radix.Portal>
    </Radix.Root>
  );
}
