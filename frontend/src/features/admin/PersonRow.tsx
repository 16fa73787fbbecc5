import { Ban, Ellipsis, KeyRound, LogOut, Trash2, UserRoundCheck } from "lucide-react";
import { useState } from "react";
import { t } from "@/shared/i18n/i18n";
import { IconButton } from "@/shared/ui/Button";
import { ConfirmDialog } from "@/shared/ui/ConfirmDialog";
import { DeedSelect } from "@/shared/ui/DeedSelect";
import { Menu, type MenuItems } from "@/shared/ui/Menu";
import { relativeTime } from "@/shared/ui/relativeTime";
import { notify } from "@/shared/ui/toasts";
import { useDeed } from "@/shared/ui/useDeed";
import type { PersonInfo } from "@/wire/people";
import { changePerson, peopleQuery, removePerson, signOutPerson } from "./adminApi";
import { PasswordDialog } from "./PasswordDialog";
import { roleOf, roleOptions } from "./roles";
import { CELL } from "@/shared/ui/Table";

function Mark({ tone, children }: { tone: "bad" | "info"; children: string }) {
  const colours = tone === "bad" ? "bg-bad-soft text-bad" : "bg-info-soft text-info";
  return <span className={`shrink-0 rounded-sm px-1.5 text-xs font-medium ${colours}`}>{children}</span>;
}

/** A person, and what an administrator may do about them. Nobody takes their own rights away here. */
export function PersonRow({ person, isMe }: { person: PersonInfo; isMe: boolean }) {
  const deed = useDeed(peopleQuery.queryKey);
  const [asking, setAsking] = useState<"disable" | "remove" | "password" | null>(null);
  const { name } = person;
  const items: MenuItems = [
    { label: t("admin.resetPassword"), icon: <KeyRound size={14} />, onSelect: () => setAsking("password") },
    {
      label: t("admin.signOutEverywhere"),
      icon: <LogOut size={14} />,
      disabled: isMe,
      onSelect: () =>
        deed.run(async () => {
          await signOutPerson(person.id);
          notify({ kind: "ok", message: t("admin.signedOutEverywhere", { name }) });
        }),
    },
    "-",
    person.disabled
      ? { label: t("admin.enable"), icon: <UserRoundCheck size={14} />, onSelect: () => deed.run(() => changePerson(person.id, { disabled: false })) }
      : { label: t("admin.disable"), icon: <Ban size={14} />, danger: true, disabled: isMe, onSelect: () => setAsking("disable") },
    { label: t("admin.removePerson"), icon: <Trash2 size={14} />, danger: true, disabled: isMe || person.projects > 0, onSelect: () => setAsking("remove") },
  ];
  const ways = [person.byPassword ? t("admin.byPassword") : "", person.byOidc ? t("admin.byOidc") : ""].filter(Boolean);
  return (
    <tr>
      <td className={`${CELL} max-w-80`}>
        <p className="flex items-center gap-2 font-medium">
          <span className="wrap-anywhere">{name}</span>
          {isMe && <Mark tone="info">{t("admin.you")}</Mark>}
          {person.disabled && <Mark tone="bad">{t("admin.disabled")}</Mark>}
        </p>
        {person.login !== name && <p className="text-xs wrap-anywhere text-muted">{person.login}</p>}
      </td>
      <td className={`${CELL} w-40`}>
        <DeedSelect
          label={t("admin.roleOf", { name })}
          value={person.role}
          disabled={isMe}
          options={roleOptions()}
          changes={peopleQuery.queryKey}
          onChoose={(value) => changePerson(person.id, { role: roleOf(value) })}
        />
      </td>
      <td className={`${CELL} text-muted`}>{ways.length === 0 ? "—" : ways.join(", ")}</td>
      <td className={`${CELL} whitespace-nowrap text-muted`}>{person.seenAt === null ? t("admin.never") : relativeTime(person.seenAt)}</td>
      <td className={`${CELL} text-right tabular-nums`}>{person.projects}</td>
      <td className={`${CELL} w-12`}>
        <Menu align="end" items={items} trigger={<IconButton label={t("admin.actionsFor", { name })} icon={<Ellipsis size={16} />} />} />
        {asking === "disable" && (
          <ConfirmDialog
            title={t("admin.disableTitle", { name })}
            description={t("admin.disableHint")}
            action={t("admin.disable")}
            onClose={() => setAsking(null)}
            onConfirm={() => deed.run(() => changePerson(person.id, { disabled: true }))}
          />
        )}
        {asking === "remove" && (
          <ConfirmDialog
            title={t("admin.removeTitle", { name })}
            description={t("admin.removeHint")}
            action={t("admin.removePerson")}
            onClose={() => setAsking(null)}
            onConfirm={() => deed.run(() => removePerson(person.id))}
          />
        )}
        {asking === "password" && <PasswordDialog person={person} onClose={() => setAsking(null)} />}
      </td>
    </tr>
  );
}
