import type { QueryKey } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { t } from "@/shared/i18n/i18n";
import { Select, type SelectOption } from "./fields";
import { useDeed } from "./useDeed";

interface Props {
  label: string;
  value: string;
  disabled?: boolean;
  options: readonly SelectOption[];
  /** What shows the value, and is read anew after the deed. */
  changes: QueryKey;
  /** Rejected when it is refused: that is told, and the value is what it was. */
  onChoose: (value: string) => Promise<unknown>;
}

/**
 * A choice that is a deed, such as another role. A pointer picks one of a list; but arrow keys go through them one by one, and
 * nobody is to be an administrator for having stood on the way: what keys chose counts with Enter, or when the field is left.
 * What was chosen is shown at once, with a dashed border until it is known to be so.
 */
export function DeedSelect({ label, value, disabled = false, options, changes, onChoose }: Props) {
  const deed = useDeed(changes);
  const [held, setHeld] = useState<string | null>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const byKeys = useRef(false);
  const known = chosen ?? value;
  const choose = (wanted: string | null) => {
    setHeld(null);
    if (wanted === null || wanted === known) return;
    setChosen(wanted);
    deed.run(
      () => onChoose(wanted),
      () => setChosen(null),
    );
  };
  return (
    <Select
      hideLabel
      label={label}
      value={held ?? known}
      aria-busy={chosen !== null}
      className="aria-busy:border-dashed"
      disabled={disabled}
      options={options}
      {...(held !== null && held !== known ? { hint: t("app.chooseByEnter") } : {})}
      onPointerDown={() => {
        byKeys.current = false;
      }}
      onKeyDown={(event) => {
        byKeys.current = true;
        if (held === null || (event.key !== "Enter" && event.key !== "Escape")) return;
        event.preventDefault();
        if (event.key === "Enter") choose(held);
        else setHeld(null);
      }}
      onChange={(event) => {
        if (byKeys.current) setHeld(event.target.value);
        else choose(event.target.value);
      }}
      onBlur={() => choose(held)}
    />
  );
}
