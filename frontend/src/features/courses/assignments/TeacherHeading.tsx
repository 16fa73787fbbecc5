import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Ellipsis, FolderOpen, Pencil, Send, Trash2 } from "lucide-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { Markdown } from "@/shared/output/Markdown";
import { Button, IconButton } from "@/shared/ui/Button";
import { ConfirmDialog } from "@/shared/ui/ConfirmDialog";
import { dateAndTime } from "@/shared/ui/localTime";
import { Menu } from "@/shared/ui/Menu";
import { PageTabs, TAB_LINK } from "@/shared/ui/PageTabs";
import { notify } from "@/shared/ui/toasts";
import type { Assignment } from "@/wire/courses";
import { deleteAssignment, publishAssignment } from "../assignmentsApi";
import { Chip } from "../Chips";
import { Deadline } from "../Deadline";
import { AssignmentDialog } from "./AssignmentDialog";

interface Props {
  assignment: Assignment;
  onProject: (projectId: string) => void;
  onDeleted: () => void;
}

function usePublish({ id, courseId, title }: Assignment) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => publishAssignment(id),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["assignment", id] });
      void queries.invalidateQueries({ queryKey: ["course", courseId] });
      notify({ kind: "ok", message: t("courses.publishedNow", { title }) });
    },
    onError: (error) => notify({ kind: "error", message: messageOf(error) }),
  });
}

/** What an assignment is, for its teachers: publish it, change it, and the ways to what came of it. */
export function TeacherHeading({ assignment, onProject, onDeleted }: Props) {
  const queries = useQueryClient();
  const [asking, setAsking] = useState<"edit" | "publish" | "delete" | null>(null);
  const publish = usePublish(assignment);
  const remove = useMutation({
    mutationFn: () => deleteAssignment(assignment.id),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["course", assignment.courseId] });
      onDeleted();
    },
    onError: (error) => notify({ kind: "error", message: messageOf(error) }),
  });
  const { title, publishedAt } = assignment;
  const close = () => setAsking(null);
  return (
    <>
      <div className="flex flex-wrap items-center gap-2.5">
        <h1 className="min-w-0 flex-1 text-2xl font-semibold tracking-tight">{title}</h1>
        <Button icon={<Pencil size={14} />} onClick={() => setAsking("edit")}>
          {t("courses.edit")}
        </Button>
        <Button
          tone={publishedAt === null ? "primary" : "plain"}
          icon={<Send size={14} />}
          disabled={publish.isPending}
          onClick={() => (publishedAt === null ? publish.mutate() : setAsking("publish"))}
        >
          {publish.isPending ? t("courses.publishing") : publishedAt === null ? t("courses.publish") : t("courses.publishAgain")}
        </Button>
        <Menu
          align="end"
          trigger={<IconButton label={t("courses.actionsForAssignment", { title })} icon={<Ellipsis size={16} />} />}
          items={[
            { label: t("courses.openProject"), icon: <FolderOpen size={14} />, onSelect: () => onProject(assignment.projectId) },
            "-",
            { label: t("courses.deleteAssignment"), icon: <Trash2 size={14} />, danger: true, onSelect: () => setAsking("delete") },
          ]}
        />
      </div>
      <p className="mt-1.5 flex flex-wrap items-center gap-x-4 gap-y-1">
        <Chip tone={publishedAt === null ? "warn" : "ok"}>
          {publishedAt === null ? t("courses.draft") : t("courses.publishedAt", { time: dateAndTime(publishedAt) })}
        </Chip>
        <Deadline dueAt={assignment.dueAt} />
      </p>
      {assignment.text.trim() !== "" && (
        <div className="mt-4 max-w-3xl">
          <Markdown text={assignment.text} />
        </div>
      )}
      <PageTabs label={title}>
        <Link to="/assignments/$assignmentId" params={{ assignmentId: assignment.id }} activeOptions={{ exact: true }} className={TAB_LINK}>
          {t("courses.submissions")}
        </Link>
        <Link to="/assignments/$assignmentId/tests" params={{ assignmentId: assignment.id }} className={TAB_LINK}>
          {t("courses.tests")}
        </Link>
      </PageTabs>
      {asking === "edit" && <AssignmentDialog courseId={assignment.courseId} assignment={assignment} onClose={close} onSaved={close} />}
      {asking === "publish" && (
        <ConfirmDialog
          title={t("courses.publishAgainTitle", { title })}
          description={t("courses.publishAgainHint")}
          action={t("courses.publishAgain")}
          tone="primary"
          onClose={close}
          onConfirm={() => publish.mutate()}
        />
      )}
      {asking === "delete" && (
        <ConfirmDialog
          title={t("courses.deleteAssignmentTitle", { title })}
          description={t("courses.deleteAssignmentHint")}
          action={t("courses.deleteAssignment")}
          onClose={close}
          onConfirm={() => remove.mutate()}
        />
      )}
    </>
  );
}
