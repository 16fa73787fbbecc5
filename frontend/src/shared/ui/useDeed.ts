import { useMutation, useQueryClient, type QueryKey } from "@tanstack/react-query";
import { messageOf } from "@/shared/api/request";
import { notify } from "./toasts";

/** Do something, say why when it fails, and read a list anew either way. */
export function useDeed(changes: QueryKey): { run: (deed: () => Promise<unknown>) => void; busy: boolean } {
  const queries = useQueryClient();
  const mutation = useMutation({
    mutationFn: (deed: () => Promise<unknown>) => deed(),
    onError: (error) => notify({ kind: "error", message: messageOf(error) }),
    onSettled: () => queries.invalidateQueries({ queryKey: changes }),
  });
  return { run: mutation.mutate, busy: mutation.isPending };
}
