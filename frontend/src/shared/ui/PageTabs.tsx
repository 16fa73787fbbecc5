import type { ReactNode } from "react";

/** Links to the pages of one thing, below its heading. */
export function PageTabs({ label, children }: { label: string; children: ReactNode }) {
  return (
    <nav aria-label={label} className="mt-4 mb-5 flex gap-1 overflow-x-auto overflow-y-hidden border-b border-line">
      {children}
    </nav>
  );
}

/** How each of them looks: the page that is open says so with `aria-current`. */
export const TAB_LINK =
  "-mb-px border-b-2 border-transparent px-3 py-2 whitespace-nowrap text-muted outline-offset-[-2px] hover:text-text aria-[current=page]:border-accent aria-[current=page]:font-medium aria-[current=page]:text-text";
