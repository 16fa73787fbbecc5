import { Dialog as Radix } from "radix-ui";
import { useFocusReturn } from "./focusReturn";
import { PickList, type PickItem } from "./PickList";

interface Props {
  open: boolean;
  title: string;
  placeholder: string;
  items: readonly PickItem[];
  empty: string;
  onPick: (id: string, query: string) => void;
  onClose: () => void;
}

function Content({ title, placeholder, items, empty, onPick, onClose }: Omit<Props, "open">) {
  return (
    <Radix.Content
      aria-describedby={undefined}
      {...useFocusReturn()}
      className="fixed top-[11vh] left-1/2 z-50 w-xl max-w-[calc(100vw-2rem)] -translate-x-1/2 overflow-hidden rounded-xl border border-line-strong bg-panel shadow-pop"
    >
      <Radix.Title asChild>
        <h1 className="sr-only">{title}</h1>
      </Radix.Title>
      <PickList label={title} placeholder={placeholder} items={items} empty={empty} onPick={onPick} onCancel={onClose} />
    </Radix.Content>
  );
}

/** A pick list at the top of the page; the focus goes back to where it was. */
export function PickDialog({ open, ...content }: Props) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && content.onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-scrim/40" />
        <Content {...content} />
      </Radix.Portal>
    </Radix.Root>
  );
}
