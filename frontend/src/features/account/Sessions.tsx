import { useQuery } from "@tanstack/react-query";
import { MonitorSmartphone } from "lucide-react";
import { messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";
import { FormProblem } from "@/shared/ui/FormProblem";
import { relativeTime } from "@/shared/ui/relativeTime";
import { useDeed } from "@/shared/ui/useDeed";
import { endOtherSessions, endSession, sessionsQuery } from "./accountApi";
import { agentName } from "./agentName";
import { Section } from "./Section";

export function Sessions() {
  const sessions = useQuery(sessionsQuery);
  const deed = useDeed(sessionsQuery.queryKey);
  const list = [...(sessions.data ?? [])].sort((a, b) => Number(b.current) - Number(a.current) || b.seenAt - a.seenAt);
  return (
    <Section
      title={t("account.sessions")}
      hint={t("account.sessionsHint")}
      action={
        list.length > 1 && (
          <Button small disabled={deed.busy} onClick={() => deed.run(endOtherSessions)}>
            {t("account.endOthers")}
          </Button>
        )
      }
    >
      <FormProblem message={sessions.isError ? messageOf(sessions.error) : ""} />
      <ul className="divide-y divide-line">
        {list.map((session) => {
          const agent = agentName(session.agent) || t("account.unknownAgent");
          return (
            <li key={session.id} className="flex items-center gap-3 py-2.5">
              <MonitorSmartphone size={17} aria-hidden className="shrink-0 text-faint" />
              <div className="min-w-0 flex-1">
                <p className="flex flex-wrap items-center gap-2 font-medium">
                  <span className="min-w-0 wrap-anywhere" title={session.agent}>
                    {agent}
                  </span>
                  {session.current && (
                    <span className="rounded-sm bg-ok-soft px-1.5 text-xs font-medium text-ok">{t("account.thisSession")}</span>
                  )}
                </p>
                <p id={`session-${session.id}`} className="text-xs text-muted">
                  {t("account.sessionSeen", { when: relativeTime(session.seenAt), address: session.address })}
                  {" · "}
                  {t("account.sessionUntil", { when: relativeTime(session.expiresAt) })}
                </p>
              </div>
              {!session.current && (
                <Button
                  small
                  disabled={deed.busy}
                  aria-label={t("account.endSessionOf", { agent })}
                  aria-describedby={`session-${session.id}`}
                  onClick={() => deed.run(() => endSession(session.id))}
                >
                  {t("account.endSession")}
                </Button>
              )}
            </li>
          );
        })}
      </ul>
    </Section>
  );
}
