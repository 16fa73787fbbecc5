import { useMutation } from "@tanstack/react-query";
import { Mail } from "lucide-react";
import { useState } from "react";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { wholeLink } from "@/shared/me/linkSecret";
import { Button } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";
import { FormProblem } from "@/shared/ui/FormProblem";
import { Select } from "@/shared/ui/fields";
import { OneTimeSecret } from "@/shared/ui/OneTimeSecret";
import { inviteToCourse } from "../coursesApi";

const DAYS = ["1", "7", "30"] as const;
const USES = ["1", "30", "0"] as const;

/** A link by which people make accounts that are in the course. */
export function InvitationDialog({ courseId, onClose }: { courseId: string; onClose: () => void }) {
  const [days, setDays] = useState<(typeof DAYS)[number]>("7");
  const [uses, setUses] = useState<(typeof USES)[number]>("0");
  const create = useMutation({ mutationFn: () => inviteToCourse(courseId, Number(days), Number(uses)) });
  return (
    <Dialog open title={t("courses.invite")} description={t("courses.inviteHint")} onClose={onClose}>
      <div className="flex flex-col gap-3">
        <div className="grid items-end gap-3 sm:grid-cols-[1fr_1fr_auto]">
          <Select
            autoFocus
            label={t("courses.inviteFor")}
            value={uses}
            options={USES.map((value) => ({ value, label: t(`courses.uses.${value}`) }))}
            onChange={(event) => setUses(USES.find((value) => value === event.target.value) ?? "0")}
          />
          <Select
            label={t("courses.inviteLasts")}
            value={days}
            options={DAYS.map((value) => ({ value, label: t(`courses.lasts.${value}`) }))}
            onChange={(event) => setDays(DAYS.find((value) => value === event.target.value) ?? "7")}
          />
          <Button tone="primary" icon={<Mail size={15} />} disabled={create.isPending} onClick={() => create.mutate()}>
            {t("courses.makeLink")}
          </Button>
        </div>
        <FormProblem message={create.isError ? messageOf(create.error) : ""} />
        {create.data !== undefined && <OneTimeSecret key={create.data} label={t("courses.link")} hint={t("courses.linkOnce")} secret={wholeLink(create.data)} />}
      </div>
    </Dialog>
  );
}
