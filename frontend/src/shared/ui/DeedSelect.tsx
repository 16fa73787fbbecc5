import { useRef, useState } from "react";
import { t } from "@/shared/i18n/i18n";
import { Select, type SelectOption } from "./fields";

interface Props {
  label: string;
  value: string;
  disabled?: boolean;
  options: readonly SelectOption[];
  onChoose: (value: string) => void;
}

/**
 * A choice that is a deed, such as another role. A pointer picks one of a list; but arrow keys go through them one by one, and
 * nobody is to be an administrator for having stood on the way: what keys chose counts with Enter, or when the field is left.
 */
export function DeedSelect({ label, value, disabled = false, options, onChoose }: Props) {
  const [held, setHeld] = useState<string | null>(null);
  const byKeys = useRef(false);
  const choose = () => {
    setHeld(null);
    if (held !== null && held !== value) onChoose(held);
  };
  return (
    <Select
      hideLabel
      label={label}
      value={held ?? value}
      disabled={disabled}
      options={options}
      {...(held !== null && held !== value ? { hint: t("app.chooseByEnter") } : {})}
      onPointerDown={() => {
        byKeys.current = false;
      }}
      onKeyDown={(event) => {
        byKeys.current = true;
        if (held === null || (event.key !== "Enter" && event.key !== "Escape")) return;
        event.preventDefault();
        if (event.key === "Enter") choose();
        else setHeld(null);
      }}
      onChange={(event) => {
        if (byKeys.current) setHeld(event.target.value);
        else onChoose(event.target.value);
      }}
      onBlur={choose}
    />
  );
}
