import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { refusalOf } from "@/shared/api/refusal";
import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";
import { FormProblem } from "@/shared/ui/FormProblem";
import { Select, TextField } from "@/shared/ui/fields";
import type { CourseRole } from "@/wire/courses";
import { putMember } from "../coursesApi";
import { courseRole, courseRoleOptions } from "./roles";

const FIELDS = ["login", "name"] as const;

export function AddMemberDialog({ courseId, onClose }: { courseId: string; onClose: () => void }) {
  const queries = useQueryClient();
  const [login, setLogin] = useState("");
  const [name, setName] = useState("");
  const [role, setRole] = useState<CourseRole>("student");
  const [nameless, setNameless] = useState(false);
  const add = useMutation({
    mutationFn: () => putMember(courseId, login.trim(), name.trim(), role),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["course", courseId] });
      onClose();
    },
  });
  const refusal = refusalOf(add.error, FIELDS);
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    setNameless(login.trim() === "");
    if (login.trim() !== "") add.mutate();
  }
  return (
    <Dialog open title={t("courses.addMember")} description={t("courses.loginHint")} onClose={onClose}>
      <form noValidate onSubmit={submit} className="flex flex-col gap-4">
        <TextField
          label={t("courses.login")}
          value={login}
          autoFocus
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={254}
          error={nameless ? t("courses.loginNeeded") : refusal.fields.login}
          onChange={(event) => setLogin(event.target.value)}
        />
        <TextField
          label={t("courses.member")}
          value={name}
          autoComplete="off"
          maxLength={120}
          hint={t("courses.nameOptional")}
          error={refusal.fields.name}
          onChange={(event) => setName(event.target.value)}
        />
        <Select label={t("courses.role")} value={role} options={courseRoleOptions()} onChange={(event) => setRole(courseRole(event.target.value))} />
        <FormProblem message={refusal.form} />
        <div className="flex justify-end gap-2">
          <Button tone="ghost" onClick={onClose}>
            {t("app.cancel")}
          </Button>
          <Button tone="primary" type="submit" disabled={add.isPending}>
            {t("courses.add")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
