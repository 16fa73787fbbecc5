import { memo } from "react";
import { parseAnsi, type AnsiSpan } from "./ansi";

const NAMES = ["faint", "bad", "ok", "warn", "info", "code", "input-kind", "text", "muted", "bad", "ok", "warn", "info", "code", "input-kind", "text"];

function colour(value: number | string | null): string | undefined {
  if (value === null) return undefined;
  return typeof value === "string" ? value : `var(--${NAMES[value] ?? "text"})`;
}

function textOn(background: number | string): string {
  if (typeof background === "number") return "var(--base)";
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(background.slice(at, at + 2), 16));
  return 0.299 * red + 0.587 * green + 0.114 * blue > 128 ? "#000000" : "#ffffff";
}

function style(span: AnsiSpan) {
  return {
    // The page's own colour for text is made for the page's background, not for one that a program chose.
    color: colour(span.colour) ?? (span.background === null ? undefined : textOn(span.background)),
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
