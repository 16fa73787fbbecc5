import { useQuery } from "@tanstack/react-query";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { Dialog } from "@/shared/ui/Dialog";
import { FormProblem } from "@/shared/ui/FormProblem";
import { Loading } from "@/shared/ui/states";
import { ShareLinks } from "./ShareLinks";
import { ShareLooks } from "./ShareLooks";
import { SharePeople } from "./SharePeople";
import { sharesQuery } from "./sharingApi";

interface Props {
  projectId: string;
  projectName: string;
  onClose: () => void;
}

export function ShareDialog({ projectId, projectName, onClose }: Props) {
  const shares = useQuery(sharesQuery(projectId));
  return (
    <Dialog open title={t("sharing.title", { name: projectName })} onClose={onClose}>
      {shares.isPending && <Loading label={t("app.loading")} />}
      <FormProblem message={shares.isError ? messageOf(shares.error) : ""} />
      {shares.data !== undefined && (
        <div className="flex flex-col gap-6">
          <SharePeople projectId={projectId} people={shares.data.people} />
          <ShareLinks projectId={projectId} links={shares.data.links} />
          <ShareLooks projectId={projectId} />
        </div>
      )}
    </Dialog>
  );
}
