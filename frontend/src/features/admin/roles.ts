import { t } from "@/shared/i18n/i18n";
import type { SelectOption } from "@/shared/ui/fields";
import { ROLES, type Role } from "@/wire/people";

/** The role of a choice; the least one for what is none. */
export function roleOf(value: string): Role {
  return ROLES.find((role) => role === value) ?? "student";
}

export function roleOptions(): SelectOption[] {
  return ROLES.map((value) => ({ value, label: t(`admin.role.${value}`) }));
}
