import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { ExamBanner } from "@/features/courses/ExamBanner";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { meQuery } from "@/shared/me/me";
import { EmptyState, Loading } from "@/shared/ui/states";
import type { Me } from "@/wire/people";
import { MainNavigation } from "../shell/MainNavigation";
import { NotFound } from "../shell/NotFound";
import { ShellMenu } from "../shell/ShellMenu";
import { AccountActions } from "./AccountActions";

/** Past the ways to other places, for who works by keys: seen while it has the focus. */
function SkipLink() {
  return (
    <a
      href="#content"
      className="absolute top-2 left-2 z-40 rounded-md border border-line-strong bg-raised px-3 py-1.5 text-sm text-text not-focus:sr-only"
      onClick={(event) => {
        event.preventDefault();
        document.getElementById("content")?.focus();
      }}
    >
      {t("app.toContent")}
    </a>
  );
}

/** The frame of the pages about people: for who has an account, so there are none of them in local mode. */
export function AccountFrame({ children }: { children: (me: Me) => ReactNode }) {
  const me = useQuery(meQuery);
  if (me.isPending) return <Loading label={t("app.loading")} />;
  if (me.isError) return <EmptyState whole title={messageOf(me.error)} />;
  if (me.data.mode === "local") return <NotFound />;
  return (
    <div className="flex h-full flex-col overflow-y-auto">
      <SkipLink />
      <ExamBanner />
      <header className="mx-auto flex w-full max-w-6xl items-center gap-2.5 px-6 pt-5">
        <Link to="/" className="flex items-center gap-2.5 rounded-md" title={t("app.toProjects")}>
          <img src="/icon.svg" alt="" className="size-7" />
          <span className="text-base font-semibold tracking-tight">{t("app.name")}</span>
        </Link>
        <MainNavigation />
        <span className="flex-1" />
        <ShellMenu />
        <AccountActions />
      </header>
      <main id="content" tabIndex={-1} className="mx-auto w-full max-w-6xl flex-1 px-6 pt-8 pb-16 outline-none">{children(me.data)}</main>
    </div>
  );
}
