import { t } from "@/shared/i18n/i18n";
import { EmptyState } from "@/shared/ui/states";

export function NotFound() {
  return (
    <main className="h-full">
      <h1 className="sr-only">{t("app.name")}</h1>
      <EmptyState title={t("app.notFound")}>
        <a href="/" className="text-accent-text underline">
          {t("app.toProjects")}
        </a>
      </EmptyState>
    </main>
  );
}
