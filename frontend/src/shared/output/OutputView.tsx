import { Scissors } from "lucide-react";
import { useState } from "react";
import { t } from "@/shared/i18n/i18n";
import { byteSize } from "@/shared/ui/relativeTime";
import type { Output } from "@/wire/generated";
import { AnsiText } from "./AnsiText";
import { HtmlView } from "./HtmlView";
import { JsonTree } from "./JsonTree";
import { readTable, TABLE_MIME } from "./table";
import { TableView } from "./TableView";

const KINDS = [
  { mime: TABLE_MIME, label: "runs.output.table" },
  { mime: "image/png", label: "runs.output.image" },
  { mime: "image/svg+xml", label: "runs.output.image" },
  { mime: "text/html", label: "runs.output.html" },
  { mime: "application/json", label: "runs.output.json" },
  { mime: "text/plain", label: "runs.output.text" },
] as const;
type Kind = (typeof KINDS)[number]["mime"];

function available(output: Output): (typeof KINDS)[number][] {
  return KINDS.filter(({ mime }) => Object.hasOwn(output.mime, mime));
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function Picture({ source }: { source: string }) {
  return <img src={source} alt={t("runs.output.image")} className="mx-auto max-h-full max-w-full bg-white object-contain" />;
}

interface RepresentationProps {
  kind: Kind;
  value: unknown;
  nodeId: string | undefined;
  page: string | undefined;
  resultKey: string;
}

function Representation({ kind, value, nodeId, page, resultKey }: RepresentationProps) {
  switch (kind) {
    case TABLE_MIME: {
      const table = readTable(value);
      return table === null ? <AnsiText text={text(value)} /> : <TableView table={table} nodeId={nodeId} resultKey={resultKey} />;
    }
    case "image/png":
      return <Picture source={`data:image/png;base64,${text(value)}`} />;
    case "image/svg+xml":
      // As an image, an SVG runs no script.
      return <Picture source={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(text(value))}`} />;
    case "text/html":
      return <HtmlView html={text(value)} page={page} />;
    case "application/json":
      return <JsonTree value={typeof value === "string" ? parsedOr(value) : value} />;
    case "text/plain":
      return (
        <div className="p-2.5">
          <AnsiText text={text(value)} />
        </div>
      );
  }
}

function parsedOr(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

interface Props {
  output: Output;
  nodeId?: string;
  /** Where the server shows its HTML by itself, so that scripts in it can run. */
  page?: string | undefined;
  /** Only the value: on a node. */
  compact?: boolean;
}

/** What a node returned or displayed, in the best of its representations; the others are one press away. */
export function OutputView({ output, nodeId, page, compact = false }: Props) {
  const kinds = available(output);
  const [chosen, setChosen] = useState<Kind | null>(null);
  const kind = kinds.find(({ mime }) => mime === chosen)?.mime ?? kinds[0]?.mime;
  return (
    <div className="flex h-full min-h-0 flex-col">
      {!compact && (
        <div className="flex items-center gap-1 px-2.5 py-1 text-2xs text-faint">
          <span className="min-w-0 flex-1 truncate font-mono">
            {output.type}
            {output.size > 0 && <span className="ml-2 font-sans">{byteSize(output.size)}</span>}
          </span>
          {kinds.length > 1 &&
            kinds.map(({ mime, label }) => (
              <button
                key={mime}
                type="button"
                aria-pressed={mime === kind}
                onClick={() => setChosen(mime)}
                className="rounded-sm px-1.5 hover:bg-hover aria-pressed:bg-hover aria-pressed:text-text"
              >
                {t(label)}
              </button>
            ))}
        </div>
      )}
      {output.truncated && (
        <p className="flex items-center gap-1.5 bg-warn-soft px-2.5 py-1 text-2xs text-warn">
          <Scissors size={11} className="shrink-0" />
          {output.note === "" ? t("runs.output.truncated") : output.note}
        </p>
      )}
      <div className={`min-h-0 flex-1 overflow-auto ${compact ? "" : "max-h-96"}`}>
        {kind === undefined ? (
          <p className="p-2.5 text-xs text-faint">{t("runs.output.nothing")}</p>
        ) : (
          <Representation kind={kind} value={output.mime[kind]} nodeId={nodeId} page={page} resultKey={`${String(output.size)} ${output.type}`} />
        )}
      </div>
    </div>
  );
}
