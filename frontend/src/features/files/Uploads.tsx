import { RotateCcw, X } from "lucide-react";

import { t } from "@/shared/i18n/i18n";
import { Button, IconButton } from "@/shared/ui/Button";

import { folderOf, nameOf } from "./paths";
import type { Upload } from "./uploadQueue";

interface UploadsProps {
  uploads: readonly Upload[];
  onAgain: (id: number, overwrite: boolean) => void;
  onRemove: (id: number) => void;
  onTidy: () => void;
}

function words({ state, size }: Upload): string {
  switch (state.kind) {
    case "waiting":
      return t("files.uploadWaiting");
    case "sending":
      return t("files.uploadSending", { percent: size === 0 ? 100 : Math.floor((state.sent / size) * 100) });
    case "exists":
      return t("files.uploadExists");
    case "failed":
      return state.message;
    case "done":
      return t("files.uploadDone");
  }
}

function Row({ upload, onAgain, onRemove }: { upload: Upload } & Pick<UploadsProps, "onAgain" | "onRemove">) {
  const { id, path, size, state } = upload;
  const wrong = state.kind === "failed" || state.kind === "exists";
  return (
    <li className="flex flex-col gap-1 px-2 py-1.5 text-xs" data-upload={state.kind}>
      <div className="flex items-center gap-2">
        <span className="min-w-0 flex-1 wrap-anywhere">
          {nameOf(path)}
          {folderOf(path) !== "" && <span className="text-faint"> · {folderOf(path)}</span>}
        </span>
        {state.kind === "exists" && (
          <Button small onClick={() => onAgain(id, true)}>
            {t("files.replace")}
          </Button>
        )}
        {state.kind === "failed" && (
          <IconButton small label={t("app.tryAgain")} icon={<RotateCcw size={13} />} onClick={() => onAgain(id, false)} />
        )}
        <IconButton
          small
          label={state.kind === "done" ? t("app.close") : t("files.uploadCancel", { name: nameOf(path) })}
          icon={<X size={13} />}
          onClick={() => onRemove(id)}
        />
      </div>
      {state.kind === "sending" && (
        <progress className="h-1 w-full accent-accent" max={Math.max(1, size)} value={state.sent} aria-label={nameOf(path)} />
      )}
      <span className={wrong ? "text-bad" : "text-faint"}>{words(upload)}</span>
    </li>
  );
}

/** What is being uploaded, at the foot of the tree. */
export function Uploads({ uploads, onAgain, onRemove, onTidy }: UploadsProps) {
  if (uploads.length === 0) return null;
  return (
    <section aria-label={t("files.uploads")} className="max-h-52 shrink-0 overflow-y-auto border-t border-line">
      <header className="flex items-center px-2 pt-1 text-xs font-medium text-muted">
        <span className="flex-1">{t("files.uploads")}</span>
        {uploads.some(({ state }) => state.kind === "done") && (
          <Button small tone="ghost" onClick={onTidy}>
            {t("files.tidy")}
          </Button>
        )}
      </header>
      <ul>
        {uploads.map((upload) => (
          <Row key={upload.id} upload={upload} onAgain={onAgain} onRemove={onRemove} />
        ))}
      </ul>
    </section>
  );
}
