import type { ComponentProps, ReactNode } from "react";
import { Hint } from "./Hint";

export type Tone = "primary" | "plain" | "ghost" | "danger";

const TONES: Record<Tone, string> = {
  primary: "bg-accent text-on-accent border-transparent hover:brightness-110 font-medium",
  plain: "bg-raised text-text border-line-strong hover:bg-hover",
  ghost: "border-transparent text-muted hover:bg-hover hover:text-text",
  danger: "bg-bad-soft text-bad border-bad/40 hover:border-bad",
};

export interface ButtonProps extends ComponentProps<"button"> {
  tone?: Tone;
  small?: boolean;
  icon?: ReactNode;
}

export function Button({ tone = "plain", small = false, icon, children, className = "", ...rest }: ButtonProps) {
  const size = small ? "h-6.5 px-2 text-xs gap-1 pointer-coarse:h-8" : "h-8 px-3 text-sm gap-1.5";
  return (
    <button
      type="button"
      className={`inline-flex shrink-0 items-center justify-center rounded-md border whitespace-nowrap transition-colors select-none disabled:opacity-45 ${size} ${TONES[tone]} ${className}`}
      {...rest}
    >
      {icon}
      {children}
    </button>
  );
}

export interface IconButtonProps extends Omit<ComponentProps<"button">, "children"> {
  /** Read by screen readers and shown as a tooltip. */
  label: string;
  keys?: string;
  icon: ReactNode;
  pressed?: boolean;
  small?: boolean;
  tone?: Tone;
}

/** A button that is only a picture: it always has a name, and tells it on hover and focus. */
export function IconButton({ label, keys, icon, pressed, small, tone = "ghost", className = "", ...rest }: IconButtonProps) {
  const size = small === true ? "size-6 pointer-coarse:size-8" : "size-8";
  return (
    <Hint text={label} keys={keys}>
      <button
        type="button"
        aria-label={label}
        aria-pressed={pressed}
        className={`inline-flex shrink-0 items-center justify-center rounded-md border transition-colors disabled:opacity-45 aria-pressed:bg-hover aria-pressed:text-text ${size} ${TONES[tone]} ${className}`}
        {...rest}
      >
        {icon}
      </button>
    </Hint>
  );
}
