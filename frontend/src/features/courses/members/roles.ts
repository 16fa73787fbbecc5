import { t } from "@/shared/i18n/i18n";
import type { SelectOption } from "@/shared/ui/fields";
import { COURSE_ROLES, type CourseRole } from "@/wire/courses";

/** The role of a choice; the least one for what is none. */
export function courseRole(value: string): CourseRole {
  return COURSE_ROLES.find((role) => role === value) ?? "student";
}

export function courseRoleOptions(): SelectOption[] {
  return COURSE_ROLES.map((value) => ({ value, label: t(`courses.role.${value}`) }));
}
