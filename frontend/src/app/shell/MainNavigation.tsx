import { Link, useLocation } from "@tanstack/react-router";
import { FolderOpen, GraduationCap } from "lucide-react";
import { t } from "@/shared/i18n/i18n";
import { useAccount } from "@/shared/me/me";

const PLACE =
  "inline-flex h-8 items-center gap-1.5 rounded-md px-2.5 text-muted hover:bg-hover hover:text-text aria-[current=page]:bg-hover aria-[current=page]:font-medium aria-[current=page]:text-text";

/** The ways between projects and courses. In local mode there are no courses, and nothing to choose. */
export function MainNavigation() {
  const account = useAccount();
  const inCourses = useLocation({ select: ({ pathname }) => /^\/(courses|assignments)(\/|$)/.test(pathname) });
  if (account === undefined) return null;
  return (
    <nav aria-label={t("app.places")} className="ml-2 flex gap-1">
      <Link to="/" activeOptions={{ exact: true }} className={PLACE}>
        <FolderOpen size={15} aria-hidden />
        {t("projects.title")}
      </Link>
      <Link to="/courses" aria-current={inCourses ? "page" : undefined} className={PLACE}>
        <GraduationCap size={16} aria-hidden />
        {t("courses.title")}
      </Link>
    </nav>
  );
}
