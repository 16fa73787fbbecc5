import { Check, Copy } from "lucide-react";
import { useId, useRef, useState } from "react";
import { t } from "@/shared/i18n/i18n";
import { Button } from "./Button";

/** A secret or link that is shown this once: to be copied now. */
export function OneTimeSecret({ label, hint, secret }: { label: string; hint: string; secret: string }) {
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState(false);
  async function copy(): Promise<void> {
    field.current?.select();
    try {
      await navigator.clipboard.writeText(secret);
      setCopied(true);
    } catch {
      // Without TLS, or when the browser refuses: the text is selected, and the hint below stays true.
      setCopied(false);
    }
  }
  return (
    <div className="rounded-lg border border-ok/40 bg-ok-soft p-3">
      <label htmlFor={id} className="text-xs font-medium">
        {label}
      </label>
      <div className="mt-1.5 flex gap-2">
        <input
          ref={field}
          id={id}
          readOnly
          autoFocus
          value={secret}
          aria-describedby={`${id}-hint`}
          className="h-8 min-w-0 flex-1 rounded-md border border-line-strong bg-base px-2.5 font-mono text-xs"
          onFocus={(event) => event.target.select()}
        />
        <Button icon={copied ? <Check size={14} /> : <Copy size={14} />} onClick={() => void copy()}>
          {copied ? t("app.copied") : t("app.copy")}
        </Button>
      </div>
      <p id={`${id}-hint`} className="mt-1.5 text-xs text-muted">
        {hint}
      </p>
    </div>
  );
}
