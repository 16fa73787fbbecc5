import { Check, Circle, CircleX, LoaderCircle } from "lucide-react";
import { useEffect, useState } from "react";
import { t } from "@/shared/i18n/i18n";
import { en, type TextKey } from "@/shared/i18n/en";
import { toldSandbox } from "@/shared/i18n/told";
import { useLive } from "@/shared/live/liveStore";
import { useProject } from "@/shared/project/projectStore";
import { tryAgain } from "@/shared/session/projectSession";
import { Button } from "@/shared/ui/Button";
import { duration } from "@/shared/ui/relativeTime";
import { parseSteps, type OpeningStep } from "@/wire/control";

function isTextKey(key: string): key is TextKey {
  return Object.hasOwn(en, key);
}

function stepName(name: string): string {
  const key = `app.step.${name}`;
  return isTextKey(key) ? t(key) : name;
}

const ICONS = {
  waiting: <Circle size={16} className="text-line-strong" />,
  running: <LoaderCircle size={16} className="animate-spin text-accent-text" />,
  done: <Check size={16} className="text-ok" />,
  failed: <CircleX size={16} className="text-bad" />,
};

function useElapsed(): number {
  const [began] = useState(() => Date.now());
  const [now, setNow] = useState(began);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 200);
    return () => clearInterval(timer);
  }, []);
  return now - began;
}

/** While a project opens: every step with its time, and the place in the queue. */
export function Opening() {
  const sandbox = useLive((state) => state.sandbox);
  const error = useProject((state) => state.loadError);
  const elapsed = useElapsed();
  const told = parseSteps(sandbox?.steps ?? []);
  const reading: OpeningStep = { name: "project", state: error === "" ? "running" : "failed", durationMs: null };
  const done = told.every((step) => step.state === "done");
  const steps = [...told, done ? reading : { ...reading, state: "waiting" as const }];
  const queued = sandbox?.queue_position ?? null;
  return (
    <main className="flex h-full flex-col items-center justify-center p-8">
      <div className="w-88 max-w-full">
        <img src="/icon.svg" alt="" className="mb-5 size-9" />
        <h1 className="text-xl font-semibold">{t("app.opening")}</h1>
        <ol aria-live="polite" className="mt-4 flex flex-col gap-2.5">
          {steps.map((step) => (
            <li key={step.name} className="flex items-center gap-2.5">
              {ICONS[step.state]}
              <span className={`flex-1 ${step.state === "waiting" ? "text-faint" : ""}`}>
                {stepName(step.name)}
                {step.name === "queue" && queued !== null && step.state === "running" && (
                  <span className="ml-2 text-muted">{t("app.queuePlace", { place: queued })}</span>
                )}
              </span>
              {step.state === "done" && step.durationMs !== null && (
                <span className="tabular text-xs text-faint">{duration(step.durationMs)}</span>
              )}
            </li>
          ))}
        </ol>
        <p aria-hidden className="tabular mt-4 border-t border-line pt-3 text-xs text-faint">
          {duration(elapsed)}
        </p>
        {error !== "" && (
          <div role="alert" className="mt-4 rounded-lg border border-bad/40 bg-bad-soft p-3 text-bad">
            <p>{(sandbox === null ? "" : toldSandbox(sandbox)) || error}</p>
            <div className="mt-3 flex gap-2">
              <Button onClick={() => void tryAgain()}>{t("app.tryAgain")}</Button>
              <Button tone="ghost" onClick={() => window.location.assign("/")}>
                {t("app.toProjects")}
              </Button>
            </div>
          </div>
        )}
      </div>
    </main>
  );
}
