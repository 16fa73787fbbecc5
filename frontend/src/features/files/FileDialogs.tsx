import { useState } from "react";

import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";
import { TextField } from "@/shared/ui/fields";

import { nameFault, nameOf, type NameFault } from "./paths";

const FAULTS = {
  empty: "files.fault.empty",
  slash: "files.fault.slash",
  dots: "files.fault.dots",
  long: "files.fault.long",
  control: "files.fault.control",
  taken: "files.fault.taken",
} as const satisfies Record<NameFault, string>;

export function faultText(name: string, siblings: readonly string[]): string | undefined {
  const fault = nameFault(name, siblings);
  return fault === undefined ? undefined : t(FAULTS[fault]);
}

export interface NewEntry {
  kind: "file" | "folder";
  folder: string;
  siblings: readonly string[];
}

export function NewEntryDialog({ entry, onClose, onMake }: { entry: NewEntry; onClose: () => void; onMake: (name: string) => void }) {
  const [name, setName] = useState("");
  const fault = faultText(name, entry.siblings);
  const title = entry.kind === "file" ? t("files.newFile") : t("files.newFolder");
  const where = t("files.inFolder", { folder: entry.folder === "" ? t("files.workspace") : entry.folder });
  return (
    <Dialog open onClose={onClose} width="sm" title={title} description={where}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (fault === undefined) onMake(name.trim());
        }}
      >
        <TextField
          autoFocus
          label={t("files.name")}
          value={name}
          error={name === "" ? undefined : fault}
          onChange={(event) => setName(event.target.value)}
        />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t("app.cancel")}</Button>
          <Button type="submit" tone="primary" disabled={fault !== undefined}>
            {t("files.make")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

export function DeleteDialog({ paths, onClose, onDelete }: { paths: readonly string[]; onClose: () => void; onDelete: () => void }) {
  const [first] = paths;
  const title = paths.length === 1 ? t("files.deleteOne", { name: nameOf(first ?? "") }) : t("files.deleteMany", { count: paths.length });
  return (
    <Dialog
      open
      onClose={onClose}
      width="sm"
      title={title}
      footer={
        <>
          <Button autoFocus onClick={onClose}>
            {t("app.cancel")}
          </Button>
          <Button tone="danger" onClick={onDelete}>
            {t("files.delete")}
          </Button>
        </>
      }
    >
      <p className="text-muted">{t("files.deleteText")}</p>
    </Dialog>
  );
}
