import type { ReactNode } from "react";

const INLINE = /(`[^`]+`|\*\*[^*]+\*\*|\*[^*]+\*|\[[^\]]+\]\(https?:\/\/[^)\s]+\))/g;

function inline(text: string): ReactNode[] {
  return text.split(INLINE).map((part, index) => {
    if (part.startsWith("`") && part.length > 2) {
      return (
        <code key={index} className="rounded-sm bg-hover px-1 font-mono text-[0.92em]">
          {part.slice(1, -1)}
        </code>
      );
    }
    if (part.startsWith("**") && part.length > 4) return <strong key={index}>{part.slice(2, -2)}</strong>;
    if (part.startsWith("*") && part.length > 2) return <em key={index}>{part.slice(1, -1)}</em>;
    const link = /^\[([^\]]+)\]\((https?:\/\/[^)\s]+)\)$/.exec(part);
    if (link === null) return part;
    return (
      <a key={index} href={link[2]} target="_blank" rel="noreferrer noopener" className="text-accent-text underline">
        {link[1]}
      </a>
    );
  });
}

function block(text: string, key: number): ReactNode {
  const heading = /^(#{1,3}) (.*)$/.exec(text);
  if (heading !== null) {
    const size = heading[1]?.length === 1 ? "text-lg" : "text-base";
    return (
      <p key={key} className={`font-semibold ${size}`}>
        {inline(heading[2] ?? "")}
      </p>
    );
  }
  const lines = text.split("\n");
  if (lines.every((line) => /^[-*] /.test(line))) {
    return (
      <ul key={key} className="list-disc pl-4.5">
        {lines.map((line, index) => (
          <li key={index}>{inline(line.slice(2))}</li>
        ))}
      </ul>
    );
  }
  return (
    <p key={key} className="whitespace-pre-line">
      {inline(text)}
    </p>
  );
}

/** The little Markdown that notes need: headings, lists, bold, italics, code, links. Never HTML. */
export function Markdown({ text }: { text: string }) {
  const blocks = text.replace(/^(#{1,3} .*)$/gm, "\n$1\n").split(/\n{2,}/).filter((part) => part.trim() !== "");
  return <div className="flex flex-col gap-1.5">{blocks.map((part, index) => block(part.trim(), index))}</div>;
}
