import { Code2, FastForward, Link2, Play, StepForward, Trash2 } from "lucide-react";
import { t } from "@/shared/i18n/i18n";
import { toldPlainly } from "@/shared/i18n/told";
import { useMayEdit } from "@/shared/project/projectStore";
import { runFlow, runNode } from "@/shared/runs/runActions";
import { Button, IconButton } from "@/shared/ui/Button";
import { Select, TextArea, TextField } from "@/shared/ui/fields";
import { openNode } from "@/shared/workspace/workspace";
import type { CachePolicy, Node } from "@/wire/generated";
import { deleteSelection } from "../model/actions";
import { perform } from "../model/history";
import { readTimeout } from "../model/settingValue";
import { change } from "../model/steps";
import { openPopup } from "../model/view";
import { InputValue } from "../nodes/InputValue";
import { ChoicesField, InputKindField } from "./InputFields";
import { SettingsForm } from "./SettingsForm";
import { KindIcon } from "./KindIcon";
import { useDraft } from "./useDraft";

const POLICIES: readonly CachePolicy[] = ["auto", "never", "pinned"];

function policyOf(value: string): CachePolicy {
  return POLICIES.find((policy) => policy === value) ?? "auto";
}

function Title({ node }: { node: Node }) {
  const save = (title: string) => perform(change(node, { title: title.trim() }));
  const draft = useDraft(node.title, save, (title) => (title.trim() === "" ? t("flow.titleNeeded") : ""));
  return <TextField label={t("flow.titleField")} maxLength={200} {...draft} />;
}

function Description({ node }: { node: Node }) {
  const draft = useDraft(node.description, (description) => perform(change(node, { description })));
  return <TextArea label={t("flow.description")} rows={2} {...draft} />;
}

function Timeout({ node }: { node: Node }) {
  const save = (text: string) => {
    const read = readTimeout(text);
    if (read.ok) perform(change(node, { timeout_sec: read.value }));
  };
  const problemOf = (text: string) => {
    const read = readTimeout(text);
    return read.ok ? "" : t(read.problem);
  };
  const draft = useDraft(node.timeout_sec === null ? "" : String(node.timeout_sec), save, problemOf);
  return <TextField label={t("flow.timeout")} inputMode="decimal" placeholder={t("flow.timeoutDefault")} {...draft} />;
}

function Files({ node }: { node: Node }) {
  const draft = useDraft(node.files.join("\n"), (text) =>
    perform(change(node, { files: text.split("\n").map((line) => line.trim()).filter(Boolean) })),
  );
  return <TextArea label={t("flow.files")} hint={t("flow.filesHint")} rows={2} {...draft} />;
}

function Execution({ node }: { node: Node }) {
  return (
    <details className="border-t border-line px-3.5 py-2.5">
      <summary className="cursor-pointer text-xs font-semibold text-muted">{t("flow.execution")}</summary>
      <div className="mt-2.5 flex flex-col gap-3">
        <Select
          label={t("flow.cache.title")}
          hint={t(`flow.cache.${node.cache}Hint`)}
          value={node.cache}
          options={POLICIES.map((policy) => ({ value: policy, label: t(`flow.cache.${policy}`) }))}
          onChange={(event) => perform(change(node, { cache: policyOf(event.target.value) }))}
        />
        <Timeout node={node} />
        <Files node={node} />
      </div>
    </details>
  );
}

function Actions({ node, mayEdit }: { node: Node; mayEdit: boolean }) {
  const { id } = node;
  return (
    <div className="flex flex-wrap items-center gap-1">
      <fieldset disabled={!mayEdit} className="contents">
        <Button small tone="primary" icon={<Play size={13} />} onClick={() => void runFlow({ untilNodeId: id })}>
          {t("runs.upToHere")}
        </Button>
        <IconButton small label={t("runs.runNode")} keys="R" icon={<StepForward size={14} />} onClick={() => void runNode(id)} />
        <IconButton small label={t("runs.runFrom")} keys="Alt+R" icon={<FastForward size={14} />} onClick={() => void runFlow({ startNodeId: id })} />
        <IconButton small label={t("flow.connectCommand")} keys="C" icon={<Link2 size={14} />} onClick={() => openPopup({ kind: "connect", nodeId: id })} />
      </fieldset>
      <span className="flex-1" />
      {node.kind === "code" && (
        <IconButton small label={t("flow.openCode")} keys="Enter" icon={<Code2 size={14} />} onClick={() => openNode(id)} />
      )}
    </div>
  );
}

/** The node that is selected: what it is called, its settings, how it runs. */
export function Inspector({ node }: { node: Node }) {
  const runs = node.kind !== "note" && node.kind !== "group";
  const mayEdit = useMayEdit();
  return (
    <div className="shrink-0">
      <div className="flex h-9 items-center gap-2 border-b border-line px-3.5">
        <KindIcon kind={node.kind} />
        <h2 className="min-w-0 flex-1 truncate text-sm font-semibold">{node.title}</h2>
        <IconButton small label={t("flow.delete")} keys="Delete" icon={<Trash2 size={14} />} disabled={!mayEdit} onClick={deleteSelection} />
      </div>
      <div className="flex flex-col gap-3 px-3.5 py-3">
        {runs && <Actions node={node} mayEdit={mayEdit} />}
        {node.ports.error !== "" && (
          <p role="alert" className="rounded-md bg-bad-soft px-2.5 py-1.5 text-xs text-bad">
            {toldPlainly(node.ports.error)}
          </p>
        )}
        <fieldset disabled={!mayEdit} className="contents">
          <Title node={node} />
          {node.kind === "input" && (
            <>
              <InputKindField node={node} />
              {node.settings["input"] === "choice" && <ChoicesField node={node} />}
              <InputValue node={node} />
            </>
          )}
          {node.ports.settings.length > 0 && <SettingsForm node={node} />}
          <Description node={node} />
        </fieldset>
      </div>
      {node.kind === "code" && (
        <fieldset disabled={!mayEdit} className="contents">
          <Execution node={node} />
        </fieldset>
      )}
    </div>
  );
}
