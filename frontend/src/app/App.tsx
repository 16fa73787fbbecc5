import { Tooltip } from "radix-ui";
import { t } from "@/shared/i18n/i18n";

export function App() {
  return <Tooltip.Provider>{t("app.name")}</Tooltip.Provider>;
}
