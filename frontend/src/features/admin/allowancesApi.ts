import { queryOptions } from "@tanstack/react-query";
import { getJson, request } from "@/shared/api/request";
import type { AllowanceBody } from "@/shared/allowances/AllowanceForm";
import { parseAllAllowances, parseAllowanceSet, type AllowanceSet } from "@/wire/allowances";

export const allowancesQuery = queryOptions({
  queryKey: ["allowances"],
  queryFn: ({ signal }) => getJson("/api/admin/allowances", parseAllAllowances, { signal }),
});

function subjectPath(subject: string): string {
  return `/api/admin/allowances/${encodeURIComponent(subject)}`;
}

export function setAllowance(subject: string, json: AllowanceBody): Promise<AllowanceSet> {
  return getJson(subjectPath(subject), parseAllowanceSet, { method: "PUT", json });
}

export async function removeAllowance(subject: string): Promise<void> {
  await request(subjectPath(subject), { method: "DELETE" });
}
