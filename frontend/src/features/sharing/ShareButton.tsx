import { UserPlus } from "lucide-react";
import { useState } from "react";
import { t } from "@/shared/i18n/i18n";
import { useCommands } from "@/shared/keyboard/commands";
import { useAccount } from "@/shared/me/me";
import { useProject } from "@/shared/project/projectStore";
import { Button } from "@/shared/ui/Button";
import { ShareDialog } from "./ShareDialog";

/** Opens the share dialog of the open project; nothing in local mode, and for who does not own the project. */
export function ShareButton() {
  const account = useAccount();
  const id = useProject((state) => state.id);
  const name = useProject((state) => state.name);
  const owns = useProject((state) => state.share === "owner");
  const [open, setOpen] = useState(false);
  const may = account !== undefined && owns;
  useCommands(() => [{ id: "sharing.share", title: "sharing.share", enabled: () => may, run: () => setOpen(true) }]);
  if (!may) return null;
  return (
    <>
      <Button small icon={<UserPlus size={14} />} onClick={() => setOpen(true)}>
        {t("sharing.share")}
      </Button>
      {open && <ShareDialog projectId={id} projectName={name} onClose={() => setOpen(false)} />}
    </>
  );
}
