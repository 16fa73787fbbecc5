import { Play, Square } from "lucide-react";
import { useState } from "react";
import { t } from "@/shared/i18n/i18n";
import { Button } from "@/shared/ui/Button";
import { mayHaveScripts } from "./scripts";

const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:";
const STYLE =
  "body{font:13px system-ui,sans-serif;margin:10px;color:#1d2027;background:#fff}table{border-collapse:collapse}td,th{padding:3px 8px;border:1px solid #ddd}";
const FRAME = "h-full min-h-44 w-full flex-1 bg-white";

/**
 * HTML of a sandbox: no origin, no way out. Its scripts stay off until somebody wants them; then the page comes from the
 * server, since a page within this one would have to obey this one's own rules, which allow no script but ours.
 */
export function HtmlView({ html, page }: { html: string; page: string | undefined }) {
  const [consented, setConsented] = useState("");
  const running = page !== undefined && consented === page;
  const offers = page !== undefined && mayHaveScripts(html);
  return (
    <div className="flex h-full flex-col">
      {offers && (
        <div className="nodrag flex items-center gap-2 px-2.5 py-1 text-2xs text-muted">
          <span className="flex-1">{running ? t("runs.output.scriptsOn") : `${t("runs.output.scriptsOff")} ${t("runs.output.scriptsHint")}`}</span>
          <Button
            small
            icon={running ? <Square size={11} /> : <Play size={11} />}
            onClick={() => setConsented(running ? "" : page)}
          >
            {t(running ? "runs.output.scriptsStop" : "runs.output.scriptsRun")}
          </Button>
        </div>
      )}
      {running ? (
        <iframe sandbox="allow-scripts" src={page} title={t("runs.output.html")} className={FRAME} />
      ) : (
        <iframe
          sandbox=""
          srcDoc={`<!doctype html><meta http-equiv="Content-Security-Policy" content="${POLICY}"><style>${STYLE}</style>${html}`}
          title={t("runs.output.html")}
          className={FRAME}
        />
      )}
    </div>
  );
}
