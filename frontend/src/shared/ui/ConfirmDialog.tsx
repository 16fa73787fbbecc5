import { t } from "@/shared/i18n/i18n";
import { Button } from "./Button";
import { Dialog } from "./Dialog";

interface Props {
  title: string;
  description: string;
  /** What the button says: the deed, not "OK". */
  action: string;
  /** `primary` for what nobody loses anything by. */
  tone?: "danger" | "primary";
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before something that others feel, or that cannot be undone. */
export function ConfirmDialog({ title, description, action, tone = "danger", onConfirm, onClose }: Props) {
  return (
    <Dialog open width="sm" title={title} description={description} onClose={onClose}>
      <div className="flex justify-end gap-2">
        <Button tone="ghost" autoFocus onClick={onClose}>
          {t("app.cancel")}
        </Button>
        <Button
          tone={tone}
          onClick={() => {
            onClose();
            onConfirm();
          }}
        >
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
