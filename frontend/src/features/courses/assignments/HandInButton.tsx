import { Send } from "lucide-react";
import { useState } from "react";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";
import { notify } from "@/shared/ui/toasts";
import { useNow } from "@/shared/ui/useNow";
import type { Assignment, Submission } from "@/wire/courses";
import { useHandIn } from "./useHandIn";

interface Props {
  assignment: Assignment;
  submission: Submission;
  small?: boolean;
  /** Called before it is handed in, so that what is typed is in it. */
  before?: () => Promise<void>;
}

/** Hands in after a question: what is handed in, and that it can be done again. */
export function HandInButton({ assignment, submission, small = false, before }: Props) {
  const [asking, setAsking] = useState(false);
  const hand = useHandIn(assignment);
  const late = useNow(10_000, asking) / 1000 > (assignment.dueAt ?? Number.POSITIVE_INFINITY);
  const again = submission.handedInAt !== null;
  const hint = late ? "courses.handInHint.late" : assignment.dueAt === null ? "courses.handInHint.open" : "courses.handInHint";
  const send = () => {
    setAsking(false);
    (before?.() ?? Promise.resolve()).then(
      () => hand.mutate(),
      (error: unknown) => notify({ kind: "error", message: messageOf(error) }),
    );
  };
  return (
    <>
      <Button small={small} tone="primary" icon={<Send size={small ? 12 : 15} />} disabled={hand.isPending} onClick={() => setAsking(true)}>
        {hand.isPending ? t("courses.handingIn") : again ? t("courses.handInAgain") : t("courses.handIn")}
      </Button>
      {asking && (
        <Dialog open width="sm" title={t("courses.handInTitle", { title: assignment.title })} description={t(hint)} onClose={() => setAsking(false)}>
          {late && <p className="mb-3 rounded-md bg-warn-soft px-3 py-2 text-warn">{t("courses.handInLate")}</p>}
          <div className="flex justify-end gap-2">
            <Button tone="ghost" autoFocus onClick={() => setAsking(false)}>
              {t("app.cancel")}
            </Button>
            <Button tone="primary" onClick={send}>
              {t("courses.handIn")}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}
