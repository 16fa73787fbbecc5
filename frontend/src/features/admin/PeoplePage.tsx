import { useQuery } from "@tanstack/react-query";
import { Mail, UserPlus } from "lucide-react";
import { useState } from "react";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";
import { FormProblem } from "@/shared/ui/FormProblem";
import { Loading } from "@/shared/ui/states";
import type { Me } from "@/wire/people";
import { AddPersonDialog } from "./AddPersonDialog";
import { peopleQuery } from "./adminApi";
import { InviteDialog } from "./InviteDialog";
import { matching } from "@/shared/ui/matching";
import { PersonRow } from "./PersonRow";
import { SearchField } from "@/shared/ui/SearchField";
import { Table } from "@/shared/ui/Table";

/** Rows beyond this are found by searching: a table of thousands would be slow, and read by nobody. */
const SHOWN = 200;

export function PeoplePage({ me }: { me: Me }) {
  const people = useQuery(peopleQuery);
  const [query, setQuery] = useState("");
  const [open, setOpen] = useState<"add" | "invite" | null>(null);
  const found = matching(people.data ?? [], query, (person) => `${person.name} ${person.login} ${t(`admin.role.${person.role}`)}`);
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-2">
        <SearchField label={t("admin.searchPeople")} value={query} onChange={setQuery} />
        <span role="status" className="text-xs text-muted">
          {t("admin.peopleCount", { count: found.length })}
        </span>
        <Button icon={<Mail size={15} />} onClick={() => setOpen("invite")}>
          {t("admin.invite")}
        </Button>
        <Button tone="primary" icon={<UserPlus size={15} />} onClick={() => setOpen("add")}>
          {t("admin.addPerson")}
        </Button>
      </div>
      {people.isPending && <Loading label={t("app.loading")} />}
      <FormProblem message={people.isError ? messageOf(people.error) : ""} />
      {people.isSuccess && found.length === 0 && <p className="p-6 text-center text-muted">{t("admin.noMatch")}</p>}
      {found.length > 0 && (
        <Table
          label={t("admin.people")}
          columns={[
            { title: t("admin.name") },
            { title: t("admin.role") },
            { title: t("admin.signsInBy") },
            { title: t("admin.seen") },
            { title: t("admin.projects"), right: true },
            { title: t("admin.actions"), hidden: true },
          ]}
        >
          {found.slice(0, SHOWN).map((person) => (
            <PersonRow key={person.id} person={person} isMe={person.id === me.id} />
          ))}
        </Table>
      )}
      {found.length > SHOWN && <p className="text-center text-xs text-muted">{t("admin.more", { shown: SHOWN, count: found.length })}</p>}
      {open === "add" && <AddPersonDialog onClose={() => setOpen(null)} />}
      {open === "invite" && <InviteDialog onClose={() => setOpen(null)} />}
    </div>
  );
}
