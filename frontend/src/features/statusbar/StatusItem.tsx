import type { ComponentProps, ReactNode } from "react";
import { Hint } from "@/shared/ui/Hint";

export type StatusTone = "plain" | "ok" | "warn" | "bad" | "info";

const TONES: Record<StatusTone, string> = { plain: "text-muted", ok: "text-ok", warn: "text-warn", bad: "text-bad", info: "text-info" };

const LAYOUT = "flex h-5.75 shrink-0 items-center pointer-coarse:h-7.75 gap-1.5 px-2 text-xs whitespace-nowrap max-lg:px-1.5";

interface StatusButtonProps extends ComponentProps<"button"> {
  tone?: StatusTone;
  icon?: ReactNode;
  /** What it means or does, where pressing it does not show that. */
  hint?: string;
}

/** Something in the status bar that can be pressed. */
export function StatusButton({ tone = "plain", icon, hint = "", children, ...rest }: StatusButtonProps) {
  return (
    <Hint text={hint}>
      <button type="button" className={`${LAYOUT} outline-offset-[-2px] hover:bg-hover ${TONES[tone]}`} {...rest}>
        {icon}
        {children}
      </button>
    </Hint>
  );
}

/** Something in the status bar that only tells. */
export function StatusText({ tone = "plain", icon, children }: { tone?: StatusTone; icon?: ReactNode; children: ReactNode }) {
  return (
    <span className={`${LAYOUT} ${TONES[tone]}`}>
      {icon}
      {children}
    </span>
  );
}
