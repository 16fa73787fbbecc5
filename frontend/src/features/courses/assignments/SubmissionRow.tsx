import { Copy, Download, Ellipsis, Eye, MessageSquareText, Undo2 } from "lucide-react";
import { t } from "@/shared/i18n/i18n";
import { Button, IconButton } from "@/shared/ui/Button";
import { download } from "@/shared/ui/download";
import { shortDateAndTime } from "@/shared/ui/localTime";
import { Menu } from "@/shared/ui/Menu";
import { byteSize } from "@/shared/ui/relativeTime";
import { CELL, WIDE_CELL } from "@/shared/ui/Table";
import type { Submission } from "@/wire/courses";
import { StateChip } from "../Chips";
import { NotCollected } from "./NotCollected";

export function isHandedIn({ digest }: Submission): boolean {
  return digest !== "";
}

interface Props {
  submission: Submission;
  /** Where what was handed in is downloaded from. */
  archive: string;
  onLook: () => void;
  onCopy: () => void;
  onComment: () => void;
  onGiveBack: () => void;
  onCollect: () => void;
  busy: boolean;
}

export function SubmissionRow({ submission, archive, onLook, onCopy, onComment, onGiveBack, onCollect, busy }: Props) {
  const { login, state, late, handedInAt, size, points, comment, uncollected } = submission;
  const name = submission.name || login;
  const handedIn = isHandedIn(submission);
  const number = `${CELL} text-right whitespace-nowrap tabular-nums`;
  return (
    <tr>
      <td className={`${CELL} max-w-56`}>
        <p className="font-medium wrap-anywhere">{name}</p>
        {login !== name && <p className="text-xs wrap-anywhere text-muted">{login}</p>}
      </td>
      <td className={CELL}>
        <StateChip state={state} late={late} />
        {uncollected !== null && <NotCollected name={name} uncollected={uncollected} busy={busy} onAgain={onCollect} />}
      </td>
      <td className={`${CELL} whitespace-nowrap text-muted`}>{handedInAt === null ? "—" : shortDateAndTime(handedInAt)}</td>
      <td className={`${number} ${WIDE_CELL}`}>{handedIn ? byteSize(size) : "—"}</td>
      <td className={number}>{points ?? "—"}</td>
      <td className={`${CELL} ${WIDE_CELL} max-w-48 text-muted`}>
        {/* The whole of it is where it is written. */}
        <p className="line-clamp-3 wrap-anywhere">{comment}</p>
      </td>
      <td className={`${CELL} whitespace-nowrap`}>
        <span className="flex justify-end gap-1">
          <Button
            small
            icon={<Eye size={13} />}
            disabled={submission.projectId === ""}
            aria-label={t("courses.lookAt", { name })}
            onClick={onLook}
          >
            {t("courses.lookShort")}
          </Button>
          <Button small icon={<MessageSquareText size={13} />} disabled={!handedIn} aria-label={t("courses.commentOn", { name })} onClick={onComment}>
            {t("courses.comment")}
          </Button>
          <Menu
            align="end"
            trigger={<IconButton small label={t("courses.actionsFor", { name })} icon={<Ellipsis size={15} />} />}
            items={[
              { label: t("courses.copy"), icon: <Copy size={14} />, disabled: !handedIn, onSelect: onCopy },
              { label: t("courses.download"), icon: <Download size={14} />, disabled: !handedIn, onSelect: () => download(archive, `${login}.zip`) },
              "-",
              { label: t("courses.giveBack"), icon: <Undo2 size={14} />, disabled: !handedIn || state === "given_back", onSelect: onGiveBack },
            ]}
          />
        </span>
      </td>
    </tr>
  );
}
