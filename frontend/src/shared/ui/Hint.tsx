import { Tooltip } from "radix-ui";
import type { ReactElement } from "react";
import { keyLabel } from "@/shared/keyboard/keys";

interface Props {
  /** Empty: there is nothing to tell. */
  text: string;
  keys?: string | undefined;
  /** Something that can have the focus. */
  children: ReactElement;
}

/**
 * What something means, told on hover and on focus, and to screen readers as its description. Fingers do not get it: what they
 * need is told elsewhere too, by what a press does, or in a menu.
 */
export function Hint({ text, keys, children }: Props) {
  if (text === "") return children;
  return (
    <Tooltip.Root>
      <Tooltip.Trigger
        asChild
        onFocus={(event) => {
          // A dialog that gives the focus back to a finger or a mouse has nothing to tell about it.
          if (!event.currentTarget.matches(":focus-visible")) event.preventDefault();
        }}
      >
        {children}
      </Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content
          sideOffset={6}
          collisionPadding={8}
          className="z-50 max-w-96 rounded-sm border border-line-strong bg-raised px-2 py-1 text-xs wrap-anywhere text-text shadow-pop"
        >
          {text}
          {keys !== undefined && <span className="ml-2 text-faint">{keyLabel(keys)}</span>}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
