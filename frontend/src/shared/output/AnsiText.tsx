import { memo } from "react";
import { parseAnsi, type AnsiSpan } from "./ansi";

const NAMES = ["faint", "bad", "ok", "warn", "info", "code", "input-kind", "text", "muted", "bad", "ok", "warn", "info", "code", "input-kind", "text"];

function colour(value: number | string | null): string | undefined {
  if (value === null) return undefined;
  return typeof value === "string" ? value : `var(--${NAMES[value] ?? "text"})`;
}

function style(span: AnsiSpan) {
  return {
    color: colour(span.colour),
    backgroundColor: colour(span.background),
    fontWeight: span.bold ? 700 : undefined,
    fontStyle: span.italic ? "italic" : undefined,
    textDecoration: span.underline ? "underline" : undefined,
  };
}

/** Text as a program printed it, colours included. */
export const AnsiText = memo(function AnsiText({ text }: { text: string }) {
  return (
    <pre className="font-mono text-xs leading-relaxed break-words whitespace-pre-wrap">
      {parseAnsi(text).map((span, index) => (
        <span key={index} style={style(span)}>
          {span.text}
        </span>
      ))}
    </pre>
  );
});
