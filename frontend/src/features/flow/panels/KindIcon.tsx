import { Braces, Eye, Group, SlidersHorizontal, StickyNote } from "lucide-react";
import type { NodeKind } from "@/wire/generated";

export function KindIcon({ kind, size = 14 }: { kind: NodeKind; size?: number }) {
  switch (kind) {
    case "code":
      return <Braces size={size} className="text-code" />;
    case "input":
      return <SlidersHorizontal size={size} className="text-input" />;
    case "result":
      return <Eye size={size} className="text-result" />;
    case "note":
      return <StickyNote size={size} className="text-note" />;
    case "group":
      return <Group size={size} className="text-muted" />;
  }
}
