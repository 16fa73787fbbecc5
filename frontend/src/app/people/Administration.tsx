import { Link, useNavigate } from "@tanstack/react-router";
import { ShieldAlert } from "lucide-react";
import type { ReactNode } from "react";
import { AllowancesPage } from "@/features/admin/AllowancesPage";
import { AuditPage } from "@/features/admin/AuditPage";
import { PeoplePage } from "@/features/admin/PeoplePage";
import { SandboxesPage } from "@/features/admin/SandboxesPage";
import { SettingsPage } from "@/features/admin/SettingsPage";
import { t } from "@/shared/i18n/i18n";
import { PageTabs, TAB_LINK } from "@/shared/ui/PageTabs";
import { EmptyState } from "@/shared/ui/states";
import type { Me } from "@/wire/people";
import { AccountFrame } from "./AccountFrame";

const PAGES = [
  { to: "/admin/people", title: "admin.people" },
  { to: "/admin/sandboxes", title: "admin.sandboxes" },
  { to: "/admin/allowances", title: "allowance.title" },
  { to: "/admin/audit", title: "admin.audit" },
  { to: "/admin/settings", title: "admin.settings" },
] as const;

function Pages() {
  return (
    <PageTabs label={t("admin.title")}>
      {PAGES.map(({ to, title }) => (
        <Link key={to} to={to} className={TAB_LINK}>
          {t(title)}
        </Link>
      ))}
    </PageTabs>
  );
}

function Administration({ children }: { children: (me: Me) => ReactNode }) {
  return (
    <AccountFrame>
      {(me) =>
        me.role === "admin" ? (
          <>
            <h1 className="text-2xl font-semibold tracking-tight">{t("admin.title")}</h1>
            <Pages />
            {children(me)}
          </>
        ) : (
          <>
            <h1 className="sr-only">{t("admin.title")}</h1>
            <EmptyState icon={<ShieldAlert size={28} />} title={t("admin.onlyAdmins")} />
          </>
        )
      }
    </AccountFrame>
  );
}

export function AdminPeople() {
  return <Administration>{(me) => <PeoplePage me={me} />}</Administration>;
}

export function AdminSandboxes() {
  const navigate = useNavigate();
  const open = (projectId: string) => void navigate({ to: "/project/$projectId", params: { projectId } });
  return <Administration>{(me) => <SandboxesPage me={me} onProject={open} />}</Administration>;
}

export function AdminAllowances() {
  return <Administration>{() => <AllowancesPage />}</Administration>;
}

export function AdminAudit() {
  return <Administration>{() => <AuditPage />}</Administration>;
}

export function AdminSettings() {
  return <Administration>{() => <SettingsPage />}</Administration>;
}
