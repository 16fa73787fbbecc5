import { EmptyState } from "@/shared/ui/states";
import { t } from "@/shared/i18n/i18n";

export function FileTree() {
  return <EmptyState title={t("app.loading")} />;
}
