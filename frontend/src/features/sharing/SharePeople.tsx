import { useMutation, useQueryClient } from "@tanstack/react-query";
import { UserPlus, X } from "lucide-react";
import { useId, useRef, useState, type SubmitEvent } from "react";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { Button, IconButton } from "@/shared/ui/Button";
import { ConfirmDialog } from "@/shared/ui/ConfirmDialog";
import { DeedSelect } from "@/shared/ui/DeedSelect";
import { Select, TextField } from "@/shared/ui/fields";
import { useDeed } from "@/shared/ui/useDeed";
import type { GivenShare, ShareInfo } from "@/wire/people";
import { givenShare, roleOptions } from "./roles";
import { addShare, changeShare, removeShare, sharesQuery } from "./sharingApi";

function AddPerson({ projectId }: { projectId: string }) {
  const queries = useQueryClient();
  const field = useRef<HTMLInputElement>(null);
  const [login, setLogin] = useState("");
  const [share, setShare] = useState<GivenShare>("editor");
  const [problem, setProblem] = useState("");
  const add = useMutation({
    mutationFn: (wanted: string) => addShare(projectId, wanted, share),
    onSuccess: () => {
      setLogin("");
      field.current?.focus();
      return queries.invalidateQueries({ queryKey: sharesQuery(projectId).queryKey });
    },
    onError: (error) => setProblem(messageOf(error)),
  });
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const wanted = login.trim();
    setProblem(wanted === "" ? t("sharing.personNeeded") : "");
    if (wanted !== "") add.mutate(wanted);
  }
  return (
    <form noValidate onSubmit={submit} className="flex items-start gap-2">
      <div className="min-w-0 flex-1">
        <TextField
          ref={field}
          label={t("sharing.person")}
          value={login}
          error={problem}
          autoFocus
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          maxLength={254}
          onChange={(event) => {
            setLogin(event.target.value);
            setProblem("");
          }}
        />
      </div>
      <div className="w-32">
        <Select label={t("sharing.may")} value={share} options={roleOptions()} onChange={(event) => setShare(givenShare(event.target.value))} />
      </div>
      <Button type="submit" tone="primary" className="mt-5.5" icon={<UserPlus size={15} />} disabled={add.isPending}>
        {t("sharing.add")}
      </Button>
    </form>
  );
}

/** Those who have a share: add one by login, change what they may, remove them. */
export function SharePeople({ projectId, people }: { projectId: string; people: readonly ShareInfo[] }) {
  const heading = useId();
  const deed = useDeed(sharesQuery(projectId).queryKey);
  const [removing, setRemoving] = useState<ShareInfo | null>(null);
  return (
    <section aria-labelledby={heading}>
      <h2 id={heading} className="mb-2 font-semibold">
        {t("sharing.people")}
      </h2>
      <AddPerson projectId={projectId} />
      {people.length === 0 && <p className="mt-3 text-xs text-faint">{t("sharing.nobody")}</p>}
      <ul className="mt-2 divide-y divide-line">
        {people.map((person) => (
          <li key={person.personId} className="flex items-center gap-2 py-2">
            <div className="min-w-0 flex-1">
              <p className="font-medium wrap-anywhere">{person.name}</p>
              {person.login !== person.name && <p className="text-xs wrap-anywhere text-muted">{person.login}</p>}
            </div>
            <div className="w-32">
              <DeedSelect
                label={t("sharing.roleOf", { name: person.name })}
                value={person.share}
                options={roleOptions()}
                changes={sharesQuery(projectId).queryKey}
                onChoose={(value) => changeShare(projectId, person.personId, givenShare(value))}
              />
            </div>
            <IconButton label={t("sharing.remove", { name: person.name })} icon={<X size={15} />} onClick={() => setRemoving(person)} />
          </li>
        ))}
      </ul>
      {removing !== null && (
        <ConfirmDialog
          title={t("sharing.remove", { name: removing.name })}
          description={t("sharing.removeHint")}
          action={t("sharing.removeAction")}
          onClose={() => setRemoving(null)}
          onConfirm={() => deed.run(() => removeShare(projectId, removing.personId))}
        />
      )}
    </section>
  );
}
