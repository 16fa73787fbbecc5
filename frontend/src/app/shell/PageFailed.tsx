import type { ErrorComponentProps } from "@tanstack/react-router";
import { Bug } from "lucide-react";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";

/** A page could not be shown at all: says so, what is safe, and offers to load it anew. */
export function PageFailed({ error, reset }: Pick<ErrorComponentProps, "error" | "reset">) {
  return (
    <main role="alert" className="flex h-full flex-col items-center justify-center gap-3 p-8 text-center">
      <Bug size={30} className="text-bad" aria-hidden />
      <h1 className="text-xl font-semibold">{t("app.pageFailed")}</h1>
      <p className="max-w-md text-base text-muted">{t("app.pageFailedHint")}</p>
      <p className="max-w-lg font-mono text-xs break-words text-muted">{messageOf(error)}</p>
      <div className="mt-1 flex gap-2">
        <Button tone="primary" onClick={reset}>
          {t("app.tryAgain")}
        </Button>
        {/* Not the router's link: whatever went wrong ends with this page. */}
        <a href="/" className="inline-flex h-8 items-center rounded-md border border-line-strong bg-raised px-3 text-sm hover:bg-hover">
          {t("app.toProjects")}
        </a>
      </div>
    </main>
  );
}
