import { useMutation, useQueryClient } from "@tanstack/react-query";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { dismiss, notify } from "@/shared/ui/toasts";
import type { Assignment } from "@/wire/courses";
import { handIn, submissionQuery } from "../assignmentsApi";

/** Hands one's project in as it is, and says so. */
export function useHandIn({ id, title }: Pick<Assignment, "id" | "title">) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async () => {
      const toast = notify({ kind: "info", message: t("courses.handingIn"), lastsMs: 600_000 });
      try {
        return await handIn(id);
      } finally {
        dismiss(toast);
      }
    },
    onSuccess: (submission) => {
      queries.setQueryData(submissionQuery(id).queryKey, submission);
      notify({ kind: "ok", message: t("courses.handedInNow", { title }) });
    },
    onError: (error) => notify({ kind: "error", message: messageOf(error) }),
  });
}
