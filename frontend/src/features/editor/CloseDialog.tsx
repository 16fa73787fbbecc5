import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";

interface CloseDialogProps {
  /** Title of the tab that is to be closed; null while nothing is asked. */
  name: string | null;
  onCancel: () => void;
  onDiscard: () => void;
}

/** Asked only when saving did not work: closing would lose what was typed. */
export function CloseDialog({ name, onCancel, onDiscard }: CloseDialogProps) {
  return (
    <Dialog
      open={name !== null}
      onClose={onCancel}
      width="sm"
      title={t("editor.discardTitle", { name: name ?? "" })}
      footer={
        <>
          <Button onClick={onCancel}>{t("editor.keepOpen")}</Button>
          <Button tone="danger" onClick={onDiscard}>
            {t("editor.discard")}
          </Button>
        </>
      }
    >
      <p className="text-muted">{t("editor.discardText")}</p>
    </Dialog>
  );
}
