import { RotateCcw, X } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";

import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";

import type { TerminalState } from "./terminalSession";

interface TerminalStatusProps {
  state: TerminalState;
  onRetry: () => void;
  onReopen: () => void;
  onClose: () => void;
}

function Countdown({ until }: { until: number }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  return <>{t("terminal.retryIn", { seconds: Math.max(0, Math.ceil((until - now) / 1000)) })}</>;
}

/** Why the terminal does not answer, and what to do about it. Nothing while it does. */
export function TerminalStatus({ state, onRetry, onReopen, onClose }: TerminalStatusProps) {
  switch (state.status) {
    case "attached":
      return null;
    case "connecting":
      return <Bar>{t("terminal.connecting")}</Bar>;
    case "waiting":
      return (
        <Bar action={<Action label={t("terminal.retryNow")} onClick={onRetry} />}>
          {state.message || t("terminal.lost")} <Countdown until={state.retryAt} />
        </Bar>
      );
    case "exited":
      return <Bar action={<Action close label={t("terminal.close")} onClick={onClose} />}>{t("terminal.exited", { status: state.exitStatus })}</Bar>;
    case "closed":
      return <Bar action={<Action label={t("terminal.reconnect")} onClick={onReopen} />}>{state.message || t("terminal.lost")}</Bar>;
  }
}

function Action({ label, close = false, onClick }: { label: string; close?: boolean; onClick: () => void }) {
  return (
    <Button small icon={close ? <X size={13} /> : <RotateCcw size={13} />} onClick={onClick}>
      {label}
    </Button>
  );
}

function Bar({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div role="status" className="flex shrink-0 items-center gap-3 border-t border-line bg-raised px-3 py-1 text-sm text-muted">
      <span className="min-w-0 flex-1">{children}</span>
      {action}
    </div>
  );
}
