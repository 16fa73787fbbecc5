import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { AllowanceForm } from "@/shared/allowances/AllowanceForm";
import { messageOf } from "@/shared/api/request";
import { coursesQuery } from "@/shared/courses/courses";
import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";
import { FormProblem } from "@/shared/ui/FormProblem";
import { Select } from "@/shared/ui/fields";
import { relativeTime } from "@/shared/ui/relativeTime";
import { Loading } from "@/shared/ui/states";
import { useDeed } from "@/shared/ui/useDeed";
import type { AllAllowances, Allowance } from "@/wire/allowances";
import { sandboxesQuery } from "./adminApi";
import { allowancesQuery, removeAllowance, setAllowance } from "./allowancesApi";

const EVERYBODY = ["deployment", "courses", "role:student", "role:teacher", "role:admin"] as const;
const NOTHING: Allowance = {
  amounts: { memory: null, cpus: null, pids: null, open_files: null, shm: null, tmp: null, disk: null, at_once: null, projects: null, run_sec: null, bytes_per_sec: null },
  egress: null,
  hosts: [],
};

/** Subjects by id, with what people call them. */
function useSubjects(said: AllAllowances | undefined): { value: string; label: string }[] {
  const courses = useQuery(coursesQuery);
  const sandboxes = useQuery(sandboxesQuery);
  const named = new Map<string, string>(EVERYBODY.map((subject) => [subject, t(`allowance.subject.${subject}`)]));
  for (const { id, title } of courses.data ?? []) named.set(`course:${id}`, t("allowance.ofCourse", { name: title }));
  for (const { projectId, projectName } of sandboxes.data ?? []) named.set(`project:${projectId}`, t("allowance.ofProject", { name: projectName || projectId }));
  for (const { subject } of said?.allowances ?? []) if (!named.has(subject)) named.set(subject, subject);
  const spoken = new Set(said?.allowances.map(({ subject }) => subject));
  return [...named].map(([value, name]) => ({ value, label: spoken.has(value) ? t("allowance.said", { name }) : name }));
}

/** What the deployment, roles, courses and projects may use. */
export function AllowancesPage() {
  const queries = useQueryClient();
  const allowances = useQuery(allowancesQuery);
  const deed = useDeed(allowancesQuery.queryKey);
  const [subject, setSubject] = useState("deployment");
  const [savedAt, setSavedAt] = useState<number | null>(null);
  const choose = (value: string) => {
    setSubject(value);
    setSavedAt(null);
  };
  const subjects = useSubjects(allowances.data);
  const said = allowances.data?.allowances.find((each) => each.subject === subject);
  const otherwise = subject === "courses" ? allowances.data?.ceiling : subject === "deployment" && said !== undefined ? undefined : allowances.data?.everybody;
  return (
    <div className="flex max-w-4xl flex-col gap-4">
      <p className="text-xs text-muted">{t("allowance.hint")}</p>
      <Select label={t("allowance.of")} value={subject} options={subjects} onChange={(event) => choose(event.target.value)} />
      {allowances.isPending && <Loading label={t("app.loading")} />}
      <FormProblem message={allowances.isError ? messageOf(allowances.error) : ""} />
      {allowances.isSuccess && (
        <section aria-label={t("allowance.what")} className="flex flex-col gap-3 rounded-xl border border-line bg-panel p-5 shadow-card">
          {subject === "courses" && <p className="text-xs text-muted">{t("allowance.ceilingHint")}</p>}
          {said !== undefined && (
            <div className="flex flex-wrap items-center gap-2 text-xs text-muted">
              <span>{t("allowance.saidBy", { name: said.setByName || t("allowance.somebody"), when: relativeTime(said.setAt) })}</span>
              <Button small disabled={deed.busy} onClick={() => deed.run(() => removeAllowance(subject))}>
                {t("allowance.remove")}
              </Button>
            </div>
          )}
          <AllowanceForm
            key={`${subject} ${String(said?.setAt ?? 0)}`}
            allowance={said?.allowance ?? NOTHING}
            otherwise={otherwise ?? null}
            aboutPeople={subject === "deployment" || subject.startsWith("role:")}
            again={said !== undefined && said.setAt === savedAt}
            onSave={(body) => setAllowance(subject, body)}
            onSaved={({ allowance }) => {
              setSavedAt(allowance.setAt);
              void queries.invalidateQueries({ queryKey: allowancesQuery.queryKey });
            }}
          />
        </section>
      )}
    </div>
  );
}
