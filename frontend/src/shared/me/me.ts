import { queryOptions, useQuery } from "@tanstack/react-query";
import { getJson } from "@/shared/api/request";
import { parseMe, parseSignInWays, type Me } from "@/wire/people";

/** Who is signed in. It changes only with a sign-in, after which the page is loaded anew. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => getJson("/api/me", parseMe, { signal }),
  staleTime: Number.POSITIVE_INFINITY,
});

/** How people sign in here. */
export const signInWaysQuery = queryOptions({
  queryKey: ["sign-in-ways"],
  queryFn: ({ signal }) => getJson("/api/session", parseSignInWays, { signal }),
  staleTime: 60_000,
});

/** The account of a hosted deployment; undefined in local mode, where there are none, and until it is known. */
export function useAccount(): Me | undefined {
  const { data } = useQuery(meQuery);
  return data?.mode === "hosted" ? data : undefined;
}
