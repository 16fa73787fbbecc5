import { KeyRound } from "lucide-react";
import { t } from "@/shared/i18n/i18n";

/** Says how to get in. */
export function SignedOut() {
  return (
    <main className="flex h-full flex-col items-center justify-center gap-3 p-8 text-center">
      <KeyRound size={30} className="text-accent-text" />
      <h1 className="text-xl font-semibold">{t("app.signedOut")}</h1>
      <p className="max-w-md text-base text-muted">{t("app.signedOutLocal")}</p>
      <code className="rounded-md border border-line bg-panel px-3 py-1.5 font-mono text-xs text-muted">
        {window.location.origin}/login?token=…
      </code>
    </main>
  );
}
