import { useQuery } from "@tanstack/react-query";
import { FileUp, Mail, UserPlus, X } from "lucide-react";
import { useState } from "react";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { Button, IconButton } from "@/shared/ui/Button";
import { ConfirmDialog } from "@/shared/ui/ConfirmDialog";
import { FormProblem } from "@/shared/ui/FormProblem";
import { DeedSelect } from "@/shared/ui/DeedSelect";
import { matching } from "@/shared/ui/matching";
import { SearchField } from "@/shared/ui/SearchField";
import { Loading } from "@/shared/ui/states";
import { CELL, Table } from "@/shared/ui/Table";
import { useDeed } from "@/shared/ui/useDeed";
import type { Member } from "@/wire/courses";
import { Chip } from "../Chips";
import { membersQuery, putMember, removeMember } from "../coursesApi";
import { AddMemberDialog } from "./AddMemberDialog";
import { ImportDialog } from "./ImportDialog";
import { InvitationDialog } from "./InvitationDialog";
import { courseRole, courseRoleOptions } from "./roles";

const SHOWN = 300;

function Account({ member }: { member: Member }) {
  if (member.signedIn) return <Chip tone="ok">{t("courses.signedIn")}</Chip>;
  if (member.personId !== "") return <span className="text-muted">{t("courses.hasAccount")}</span>;
  return <span className="text-faint">{t("courses.noAccount")}</span>;
}

interface RowProps {
  courseId: string;
  member: Member;
  onRemove: () => void;
}

function MemberRow({ courseId, member, onRemove }: RowProps) {
  const { login } = member;
  const name = member.name || login;
  return (
    <tr>
      <td className={`${CELL} max-w-80`}>
        <p className="font-medium wrap-anywhere">{name}</p>
        {login !== name && <p className="text-xs wrap-anywhere text-muted">{login}</p>}
      </td>
      <td className={`${CELL} w-36`}>
        <DeedSelect
          label={t("courses.roleOf", { name })}
          value={member.role}
          options={courseRoleOptions()}
          changes={["course", courseId]}
          onChoose={(value) => putMember(courseId, login, member.name, courseRole(value))}
        />
      </td>
      <td className={CELL}>
        <span className="flex flex-wrap items-center gap-2">
          <Account member={member} />
          {member.byClaim && <Chip>{t("courses.byClaim")}</Chip>}
        </span>
      </td>
      <td className={`${CELL} w-12`}>
        <IconButton label={t("courses.removeMember", { name })} icon={<X size={15} />} onClick={onRemove} />
      </td>
    </tr>
  );
}

/** Who is in the course, as what, and whether they have come. */
export function MembersPage({ courseId }: { courseId: string }) {
  const members = useQuery(membersQuery(courseId));
  const deed = useDeed(["course", courseId]);
  const [query, setQuery] = useState("");
  const [open, setOpen] = useState<"add" | "import" | "invite" | null>(null);
  const [removing, setRemoving] = useState<Member | null>(null);
  const all = members.data ?? [];
  const found = matching(all, query, ({ name, login }) => `${name} ${login}`);
  const close = () => setOpen(null);
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-2">
        <SearchField label={t("courses.searchMembers")} value={query} onChange={setQuery} />
        <span role="status" className="text-xs text-muted">
          {t("courses.memberCount", { count: found.length })}
        </span>
        <Button icon={<Mail size={15} />} onClick={() => setOpen("invite")}>
          {t("courses.invite")}
        </Button>
        <Button icon={<UserPlus size={15} />} onClick={() => setOpen("add")}>
          {t("courses.addMember")}
        </Button>
        <Button tone="primary" icon={<FileUp size={15} />} onClick={() => setOpen("import")}>
          {t("courses.importMembers")}
        </Button>
      </div>
      {members.isPending && <Loading label={t("app.loading")} />}
      <FormProblem message={members.isError ? messageOf(members.error) : ""} />
      {members.isSuccess && found.length === 0 && (
        <p className="p-6 text-center text-muted">{all.length === 0 ? t("courses.noMembers") : t("courses.noMatch")}</p>
      )}
      {found.length > 0 && (
        <Table
          label={t("courses.members")}
          note={found.some(({ byClaim }) => byClaim) ? `${t("courses.byClaim")}: ${t("courses.byClaimHint")}` : ""}
          columns={[{ title: t("courses.member") }, { title: t("courses.role") }, { title: t("courses.account") }, { title: t("courses.actions"), hidden: true }]}
        >
          {found.slice(0, SHOWN).map((member) => (
            <MemberRow
              key={member.login}
              courseId={courseId}
              member={member}
              onRemove={() => setRemoving(member)}
            />
          ))}
        </Table>
      )}
      {found.length > SHOWN && <p className="text-center text-xs text-muted">{t("courses.more", { shown: SHOWN, count: found.length })}</p>}
      {open === "add" && <AddMemberDialog courseId={courseId} onClose={close} />}
      {open === "import" && <ImportDialog courseId={courseId} onClose={close} />}
      {open === "invite" && <InvitationDialog courseId={courseId} onClose={close} />}
      {removing !== null && (
        <ConfirmDialog
          title={t("courses.removeMemberTitle", { name: removing.name || removing.login })}
          description={t("courses.removeMemberHint")}
          action={t("courses.remove")}
          onClose={() => setRemoving(null)}
          onConfirm={() => deed.run(() => removeMember(courseId, removing.login))}
        />
      )}
    </div>
  );
}
