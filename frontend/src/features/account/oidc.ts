import { withQuery } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import type { TextKey } from "@/shared/i18n/en";

const SENTENCES: Readonly<Record<string, TextKey>> = {
  forbidden: "account.oidcError.forbidden",
  conflict: "account.oidcError.conflict",
  unavailable: "account.oidcError.unavailable",
  too_many: "account.oidcError.too_many",
};

/** What the code says with which the provider's sign-in came back; empty for none. */
export function oidcProblem(code: string): string {
  return code === "" ? "" : t((Object.hasOwn(SENTENCES, code) ? SENTENCES[code] : undefined) ?? "account.oidcError.other");
}

/** Where the provider's button leads. */
export function oidcHref(oidcUrl: string, next: string): string {
  return withQuery(oidcUrl, { next });
}
