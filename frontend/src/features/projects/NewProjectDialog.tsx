import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";
import { TextField } from "@/shared/ui/fields";
import { createProject, projectsQuery, templatesQuery } from "./projectApi";
import { described, inReadersLanguage } from "./templates";

interface Props {
  open: boolean;
  onClose: () => void;
  onCreated: (projectId: string) => void;
}

export function NewProjectDialog({ open, onClose, onCreated }: Props) {
  const queries = useQueryClient();
  const known = useQuery({ ...templatesQuery, enabled: open });
  const empty = { name: "empty", title: t("projects.templateEmpty"), description: t("projects.templateEmptyHint") };
  const templates = [empty, ...inReadersLanguage(known.data ?? []).filter(({ name }) => name !== "empty").map(described)];
  const [name, setName] = useState("");
  const [template, setTemplate] = useState("empty");
  const [problem, setProblem] = useState("");
  const create = useMutation({
    mutationFn: () => createProject(name.trim(), template),
    onSuccess: (project) => {
      void queries.invalidateQueries({ queryKey: projectsQuery.queryKey });
      onCreated(project.id);
    },
    onError: (error) => setProblem(messageOf(error)),
  });

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    if (name.trim() === "") setProblem(t("projects.nameNeeded"));
    else create.mutate();
  }

  return (
    <Dialog open={open} onClose={onClose} title={t("projects.new")}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        <TextField
          label={t("projects.name")}
          value={name}
          error={problem}
          autoFocus
          maxLength={200}
          onChange={(event) => {
            setName(event.target.value);
            setProblem("");
          }}
        />
        <fieldset>
          <legend className="mb-1.5 text-xs font-medium text-muted">{t("projects.template")}</legend>
          <div className="grid gap-2 sm:grid-cols-2">
            {templates.map((item) => (
              <label
                key={item.name}
                className="flex cursor-pointer gap-2.5 rounded-lg border border-line bg-raised p-3 hover:border-line-strong has-checked:border-accent has-checked:bg-accent-soft"
              >
                <input
                  type="radio"
                  name="template"
                  className="mt-1 size-3.5 shrink-0 self-start accent-accent"
                  checked={template === item.name}
                  onChange={() => setTemplate(item.name)}
                />
                <span>
                  <span className="block font-medium">{item.title}</span>
                  <span className="block text-xs text-muted">{item.description}</span>
                </span>
              </label>
            ))}
          </div>
        </fieldset>
        <div className="flex justify-end gap-2">
          <Button tone="ghost" onClick={onClose}>
            {t("app.cancel")}
          </Button>
          <Button tone="primary" type="submit" disabled={create.isPending}>
            {t("projects.create")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
