import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, type SubmitEvent } from "react";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";
import { Dialog } from "@/shared/ui/Dialog";
import { TextField } from "@/shared/ui/fields";
import { cloneProject, projectsQuery } from "./projectApi";
import { isRepositoryUrl } from "./repositoryUrl";

interface Props {
  onClose: () => void;
  onCreated: (projectId: string) => void;
}

function Working() {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setSeconds((count) => count + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
  const words = t("projects.clone.working", { seconds });
  return (
    <div role="status" className="text-xs text-muted">
      <p className="tabular">{words}</p>
      <progress className="mt-1.5 h-1 w-full accent-accent" aria-label={words} />
    </div>
  );
}

/** A project from a Git repository. */
export function CloneDialog({ onClose, onCreated }: Props) {
  const queries = useQueryClient();
  const [url, setUrl] = useState("");
  const [branch, setBranch] = useState("");
  const [name, setName] = useState("");
  const [problem, setProblem] = useState("");
  const clone = useMutation({
    mutationFn: () => cloneProject({ url: url.trim(), branch: branch.trim(), name: name.trim() }),
    onSuccess: (project) => onCreated(project.id),
    onError: (error) => setProblem(messageOf(error)),
    onSettled: () => queries.invalidateQueries({ queryKey: projectsQuery.queryKey }),
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (isRepositoryUrl(url)) clone.mutate();
    else setProblem(t("projects.clone.urlWrong"));
  };
  return (
    <Dialog open onClose={onClose} title={t("projects.clone.title")} description={t("projects.clone.hint")}>
      <form onSubmit={submit} className="flex flex-col gap-3">
        <TextField
          label={t("projects.clone.url")}
          value={url}
          error={problem}
          autoFocus
          inputMode="url"
          placeholder="https://"
          spellCheck={false}
          disabled={clone.isPending}
          onChange={(event) => {
            setUrl(event.target.value);
            setProblem("");
          }}
        />
        <TextField
          label={t("projects.clone.branch")}
          hint={t("projects.clone.branchHint")}
          value={branch}
          spellCheck={false}
          disabled={clone.isPending}
          onChange={(event) => setBranch(event.target.value)}
        />
        <TextField
          label={t("projects.clone.name")}
          hint={t("projects.clone.nameHint")}
          value={name}
          maxLength={200}
          disabled={clone.isPending}
          onChange={(event) => setName(event.target.value)}
        />
        {clone.isPending && <Working />}
        <div className="flex justify-end gap-2">
          <Button tone="ghost" onClick={onClose}>
            {t("app.cancel")}
          </Button>
          <Button tone="primary" type="submit" disabled={clone.isPending}>
            {t("projects.clone.start")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
