import { SearchX } from "lucide-react";
import { t } from "@/shared/i18n/i18n";

/** Nothing is at an address: says so, why that may be, and leads back. */
export function NotFound({ title = t("app.notFound"), hint = t("app.notFoundHint") }: { title?: string; hint?: string }) {
  return (
    <main className="flex h-full flex-col items-center justify-center gap-3 p-8 text-center">
      <SearchX size={30} className="text-accent-text" aria-hidden />
      <h1 className="text-xl font-semibold">{title}</h1>
      <p className="max-w-md text-base text-muted">{hint}</p>
      <a href="/" className="mt-1 rounded-md border border-line-strong bg-raised px-3 py-1.5 font-medium hover:bg-hover">
        {t("app.toProjects")}
      </a>
    </main>
  );
}
