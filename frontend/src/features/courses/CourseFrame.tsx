import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronLeft, ShieldAlert } from "lucide-react";
import type { ReactNode } from "react";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { PageTabs, TAB_LINK } from "@/shared/ui/PageTabs";
import { EmptyState, Loading } from "@/shared/ui/states";
import type { Course } from "@/wire/courses";
import { Chip } from "./Chips";
import { courseQuery } from "./coursesApi";

const PAGES = [
  { to: "/courses/$courseId", title: "courses.assignments" },
  { to: "/courses/$courseId/members", title: "courses.members" },
  { to: "/courses/$courseId/exams", title: "courses.exams" },
  { to: "/courses/$courseId/settings", title: "courses.settings" },
] as const;

/** The frame of a course's pages. Students have the first of them alone. */
export function CourseFrame({ courseId, forTeachers = false, children }: { courseId: string; forTeachers?: boolean; children: (course: Course) => ReactNode }) {
  const course = useQuery(courseQuery(courseId));
  if (course.isPending) return <Loading label={t("app.loading")} />;
  if (course.isError) {
    return (
      <>
        <h1 className="sr-only">{t("courses.title")}</h1>
        <EmptyState icon={<ShieldAlert size={28} />} title={messageOf(course.error)}>
          <Link to="/courses" className="text-accent-text underline">
            {t("courses.all")}
          </Link>
        </EmptyState>
      </>
    );
  }
  const teaches = course.data.role === "teacher";
  return (
    <>
      <Link to="/courses" className="mb-1 inline-flex items-center gap-0.5 rounded-sm text-xs text-muted hover:text-text">
        <ChevronLeft size={14} aria-hidden />
        {t("courses.all")}
      </Link>
      <div className="flex flex-wrap items-center gap-2.5">
        <h1 className="text-2xl font-semibold tracking-tight">{course.data.title}</h1>
        <Chip tone={teaches ? "info" : "plain"}>{t(`courses.role.${course.data.role}`)}</Chip>
      </div>
      {teaches ? (
        <PageTabs label={t("courses.sections")}>
          {PAGES.map(({ to, title }) => (
            <Link key={to} to={to} params={{ courseId }} activeOptions={{ exact: true }} className={TAB_LINK}>
              {t(title)}
            </Link>
          ))}
        </PageTabs>
      ) : (
        <div className="mt-4 mb-5 border-b border-line" />
      )}
      {teaches || !forTeachers ? children(course.data) : <EmptyState icon={<ShieldAlert size={28} />} title={t("courses.onlyTeachers")} />}
    </>
  );
}
