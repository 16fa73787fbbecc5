import { CircleAlert, CircleCheck, Download, LoaderCircle, RotateCcw } from "lucide-react";
import { useEffect, useRef } from "react";

import { t } from "@/shared/i18n/i18n";
import { toldVenv } from "@/shared/i18n/told";
import { Button } from "@/shared/ui/Button";
import type { VenvStatus } from "@/wire/generated";

const HEADINGS = {
  not_started: "packages.state.not_started",
  creating: "packages.state.creating",
  installing: "packages.state.installing",
  completed: "packages.state.completed",
  failed: "packages.state.failed",
} as const satisfies Record<VenvStatus["status"], string>;

export function isWorking(venv: VenvStatus | null): boolean {
  return venv?.status === "creating" || venv?.status === "installing";
}

function Log({ lines }: { lines: readonly string[] }) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // Newer browsers return a promise, which must not become the effect's cleanup.
    end.current?.scrollIntoView({ block: "nearest" });
  }, [lines]);
  return (
    <div
      role="log"
      aria-label={t("packages.log")}
      tabIndex={0}
      className="mt-1.5 max-h-40 overflow-auto rounded-sm bg-base p-2 font-mono text-2xs whitespace-pre-wrap text-muted"
    >
      {lines.map((line, index) => (
        <div key={`${String(index)} ${line}`}>{line}</div>
      ))}
      <div ref={end} />
    </div>
  );
}

interface EnvironmentProgressProps {
  venv: VenvStatus;
  onRecreate: () => void;
  /** Install what requirements.txt asks for. */
  onInstall: () => void;
}

/** What the installer does, how far it is, why it failed, and whether requirements.txt asks for something else by now. */
export function EnvironmentProgress({ venv, onRecreate, onInstall }: EnvironmentProgressProps) {
  const working = isWorking(venv);
  const outdated = venv.outdated && !working;
  const failed = venv.status === "failed";
  const icon = working ? <LoaderCircle size={14} className="animate-spin" /> : failed ? <CircleAlert size={14} /> : <CircleCheck size={14} />;
  const tone = failed ? "text-bad" : working ? "text-info" : "text-ok";
  return (
    <section aria-label={t("packages.environment")} className="shrink-0 border-b border-line px-3 py-2 text-xs" data-venv={venv.status}>
      <p role="status" className={`flex items-center gap-2 ${tone}`}>
        {icon}
        <span className="flex-1">{t(HEADINGS[venv.status])}</span>
      </p>
      {working && <progress className="mt-1.5 h-1 w-full accent-accent" max={1} value={venv.progress} aria-label={t("packages.progress")} />}
      {venv.message !== "" && (working || failed) && <p className={`mt-1 break-words ${failed ? "text-bad" : "text-muted"}`}>{toldVenv(venv.message)}</p>}
      {venv.log.length > 0 && (
        <details className="mt-1" open={working || failed}>
          <summary className="cursor-default text-faint">{t("packages.log")}</summary>
          <Log lines={venv.log} />
        </details>
      )}
      {outdated && (
        <p className="mt-1.5 flex items-center gap-2 text-warn">
          <span className="flex-1">{t("packages.outdated")}</span>
          <Button small icon={<Download size={13} />} aria-label={t("packages.installRequired")} onClick={onInstall}>
            {t("packages.install")}
          </Button>
        </p>
      )}
      {failed && venv.usable && <p className="mt-1.5 text-muted">{t("packages.usable")}</p>}
      {failed && !venv.usable && (
        <div className="mt-2">
          <Button small icon={<RotateCcw size={13} />} onClick={onRecreate}>
            {t("packages.recreate")}
          </Button>
        </div>
      )}
    </section>
  );
}
