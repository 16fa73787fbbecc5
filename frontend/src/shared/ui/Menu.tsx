import { ContextMenu as Context, DropdownMenu as Dropdown } from "radix-ui";
import { useId, type ReactNode } from "react";
import { keyLabel } from "@/shared/keyboard/keys";

export interface MenuItem {
  label: string;
  icon?: ReactNode;
  keys?: string;
  danger?: boolean;
  disabled?: boolean;
  onSelect: () => void;
}

/** Items; `"-"` is a line between groups. */
export type MenuItems = readonly (MenuItem | "-")[];

const CONTENT =
  "z-50 max-h-[70vh] min-w-52 overflow-y-auto rounded-lg border border-line-strong bg-raised p-1 text-sm shadow-pop";
const ITEM =
  "flex h-7.5 items-center pointer-coarse:h-10 gap-2.5 rounded-sm px-2 outline-none select-none data-disabled:opacity-45 data-highlighted:bg-hover";

function anyIcon(items: MenuItems): boolean {
  return items.some((item) => item !== "-" && item.icon !== undefined);
}

function Row({ item, icons }: { item: MenuItem; icons: boolean }) {
  return (
    <>
      {icons && <span className="flex w-4 justify-center text-faint">{item.icon}</span>}
      <span className="flex-1">{item.label}</span>
      {item.keys !== undefined && <kbd className="pl-6 font-sans text-xs text-faint">{keyLabel(item.keys)}</kbd>}
    </>
  );
}

interface MenuProps {
  trigger: ReactNode;
  items: MenuItems;
  align?: "start" | "end";
  /** What there is to know, above the items; each line is one of it. */
  note?: string;
}

export function Menu({ trigger, items, align = "start", note = "" }: MenuProps) {
  const noteId = useId();
  return (
    <Dropdown.Root modal={false}>
      <Dropdown.Trigger asChild>{trigger}</Dropdown.Trigger>
      <Dropdown.Portal>
        <Dropdown.Content
          {...(note === "" ? {} : { "aria-describedby": noteId })}
          className={CONTENT}
          align={align}
          sideOffset={4}
          collisionPadding={8}
        >
          {note !== "" && (
            <Dropdown.Label id={noteId} className="max-w-80 px-2 pt-1 pb-1.5 text-xs wrap-break-word whitespace-pre-line text-muted">
              {note}
            </Dropdown.Label>
          )}
          {items.map((item, index) =>
            item === "-" ? (
              <Dropdown.Separator key={`line ${String(index)}`} className="mx-1 my-1 h-px bg-line" />
            ) : (
              <Dropdown.Item
                key={item.label}
                disabled={item.disabled === true}
                onSelect={item.onSelect}
                className={`${ITEM} ${item.danger === true ? "text-bad" : ""}`}
              >
                <Row item={item} icons={anyIcon(items)} />
              </Dropdown.Item>
            ),
          )}
        </Dropdown.Content>
      </Dropdown.Portal>
    </Dropdown.Root>
  );
}

/** The same items on a right click, or a long press. */
export function ContextMenu({ children, items, onOpen }: { children: ReactNode; items: MenuItems; onOpen?: () => void }) {
  return (
    <Context.Root
      modal={false}
      onOpenChange={(open) => {
        if (open) onOpen?.();
      }}
    >
      <Context.Trigger asChild>{children}</Context.Trigger>
      <Context.Portal>
        <Context.Content
          className={CONTENT}
          collisionPadding={8}
          // The finger that opened it is lifted, and what lies below it takes the focus: that must not shut the menu.
          onFocusOutside={(event) => event.preventDefault()}
        >
          {items.map((item, index) =>
            item === "-" ? (
              <Context.Separator key={`line ${String(index)}`} className="mx-1 my-1 h-px bg-line" />
            ) : (
              <Context.Item
                key={item.label}
                disabled={item.disabled === true}
                onSelect={item.onSelect}
                className={`${ITEM} ${item.danger === true ? "text-bad" : ""}`}
              >
                <Row item={item} icons={anyIcon(items)} />
              </Context.Item>
            ),
          )}
        </Context.Content>
      </Context.Portal>
    </Context.Root>
  );
}
