import { t } from "@/shared/i18n/i18n";
import type { SelectOption } from "@/shared/ui/fields";
import type { GivenShare } from "@/wire/people";

export function givenShare(value: string): GivenShare {
  return value === "editor" ? "editor" : "viewer";
}

export function roleOptions(): SelectOption[] {
  return [
    { value: "viewer", label: t("sharing.role.viewer") },
    { value: "editor", label: t("sharing.role.editor") },
  ];
}
