import { useQuery } from "@tanstack/react-query";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { FormProblem } from "@/shared/ui/FormProblem";
import { Loading } from "@/shared/ui/states";
import { projectNodesQuery } from "../assignmentsApi";

interface Props {
  projectId: string;
  chosen: readonly string[];
  onChange: (chosen: readonly string[]) => void;
}

/** Which of a project's nodes students do not get: its tests. */
export function HiddenNodes({ projectId, chosen, onChange }: Props) {
  const nodes = useQuery(projectNodesQuery(projectId));
  const known = (nodes.data ?? []).filter(({ kind }) => kind === "code");
  const gone = nodes.data === undefined ? [] : chosen.filter((id) => !nodes.data.some((node) => node.id === id));
  const choices = [
    ...known.map(({ id, title }) => ({ id, title })),
    ...gone.map((id) => ({ id, title: t("courses.nodeGone", { node: id }) })),
  ];
  return (
    <fieldset className="rounded-lg border border-line p-3">
      <legend className="px-1 text-xs font-medium text-muted">{t("courses.hiddenNodes")}</legend>
      <p className="mb-2 text-xs text-faint">{t("courses.hiddenHint")}</p>
      {nodes.isLoading && <Loading label={t("courses.readingNodes")} />}
      <FormProblem message={nodes.isError ? messageOf(nodes.error) : ""} />
      {nodes.isSuccess && choices.length === 0 && <p className="text-xs text-muted">{t("courses.noNodes")}</p>}
      <ul className="grid max-h-44 gap-x-4 overflow-y-auto sm:grid-cols-2">
        {choices.map(({ id, title }) => (
          <li key={id}>
            <label className="flex min-h-7 items-center gap-2">
              <input
                type="checkbox"
                className="size-4 accent-accent"
                checked={chosen.includes(id)}
                onChange={(event) => onChange(event.target.checked ? [...chosen, id] : chosen.filter((other) => other !== id))}
              />
              <span className="min-w-0 wrap-anywhere">{title}</span>
            </label>
          </li>
        ))}
      </ul>
    </fieldset>
  );
}
