import { useMutation } from "@tanstack/react-query";
import { Link2Off } from "lucide-react";
import { useEffect, useState } from "react";
import { ApiError, messageOf } from "@/shared/api/request";
import { t } from "@/shared/i18n/i18n";
import { EmptyState, Loading } from "@/shared/ui/states";
import { acceptShare } from "./sharingApi";
import { forgetSecret, keepSecret, keptSecret } from "./shareSecret";

interface Props {
  /** From the address; empty after the way over the sign-in page. */
  secret: string;
  /** Takes the secret out of the address bar. */
  onTaken: () => void;
  onOpen: (projectId: string) => void;
}

/** Takes what a share link gives, and opens the project. Who is not signed in does that first. */
export function AcceptPage({ secret, onTaken, onOpen }: Props) {
  const [wanted] = useState(() => (secret === "" ? keptSecret() : secret));
  const { mutate, error } = useMutation({
    mutationFn: () => acceptShare(wanted),
    onSuccess: ({ projectId }) => {
      forgetSecret();
      onOpen(projectId);
    },
    onError: (refused) => {
      if (!(refused instanceof ApiError && refused.status === 401)) forgetSecret();
    },
  });
  useEffect(() => {
    if (wanted === "") return;
    keepSecret(wanted);
    onTaken();
    mutate();
    // Once: a link is taken when its page is opened.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  if (wanted === "") {
    return (
      <EmptyState whole icon={<Link2Off size={28} />} title={t("sharing.noSecret")}>
        {t("sharing.noSecretHint")}
      </EmptyState>
    );
  }
  if (error !== null) {
    return (
      <EmptyState whole icon={<Link2Off size={28} />} title={t("sharing.notAccepted")}>
        <p role="alert">{messageOf(error)}</p>
        <a href="/" className="text-accent-text underline">
          {t("app.toProjects")}
        </a>
      </EmptyState>
    );
  }
  return <Loading label={t("sharing.accepting")} />;
}
