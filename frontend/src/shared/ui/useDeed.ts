import { notifyManager, useMutation, useQueryClient, type QueryKey } from "@tanstack/react-query";
import { useId } from "react";
import { messageOf } from "@/shared/api/request";
import { notify } from "./toasts";

/**
 * Do something, say why when it fails, and read a list anew either way; `whenRead` is called after that, unless there was
 * another deed meanwhile. Deeds take turns, so that the last one is the one that stays.
 */
export function useDeed(changes: QueryKey): { run: (deed: () => Promise<unknown>, whenRead?: () => void) => void; busy: boolean } {
  const queries = useQueryClient();
  const mutation = useMutation({
    mutationFn: (deed: () => Promise<unknown>) => deed(),
    scope: { id: useId() },
    onError: (error) => notify({ kind: "error", message: messageOf(error) }),
    onSettled: () => queries.invalidateQueries({ queryKey: changes }),
  });
  return {
    // In its turn: whoever shows the list is told first what was read.
    run: (deed, whenRead = () => undefined) => mutation.mutate(deed, { onSettled: () => notifyManager.schedule(whenRead) }),
    busy: mutation.isPending,
  };
}
