import { t } from "@/shared/i18n/i18n";
import { MIN_PASSWORD } from "./accountApi";

/** What is wrong with a new password before the server is asked. */
export function passwordProblems(password: string, again: string): { password?: string; again?: string } {
  if (password.length < MIN_PASSWORD) return { password: t("account.passwordShort") };
  if (password !== again) return { again: t("account.passwordsDiffer") };
  return {};
}
