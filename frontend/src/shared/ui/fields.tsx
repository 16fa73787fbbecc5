import type { ComponentProps, ReactNode } from "react";
import { useId } from "react";

const CONTROL =
  "w-full rounded-md border border-line-strong bg-base px-2.5 text-sm text-text outline-offset-0 transition-colors hover:border-faint aria-invalid:border-bad disabled:opacity-50";

interface FieldProps {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  /** The label is for screen readers only. */
  hideLabel?: boolean;
}

function Field({ id, label, hint, error, hideLabel, children }: FieldProps & { id: string; children: ReactNode }) {
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className={hideLabel === true ? "sr-only" : "text-xs font-medium text-muted"}>
        {label}
      </label>
      {children}
      {error !== undefined && error !== "" && (
        <p id={`${id}-error`} className="text-xs text-bad">
          {error}
        </p>
      )}
      {hint !== undefined && hint !== "" && (
        <p id={`${id}-hint`} className="text-xs text-faint">
          {hint}
        </p>
      )}
    </div>
  );
}

function described(id: string, error: string | undefined, hint: ReactNode) {
  const wrong = error !== undefined && error !== "";
  const told = [...(wrong ? [`${id}-error`] : []), ...(hint === undefined || hint === "" ? [] : [`${id}-hint`])];
  return { "aria-invalid": wrong, ...(told.length > 0 ? { "aria-describedby": told.join(" ") } : {}) };
}

export function TextField({ label, hint, error, hideLabel = false, className = "", ...rest }: FieldProps & ComponentProps<"input">) {
  const id = useId();
  return (
    <Field id={id} label={label} hint={hint} error={error} hideLabel={hideLabel}>
      <input id={id} className={`h-8 ${CONTROL} ${className}`} {...described(id, error, hint)} {...rest} />
    </Field>
  );
}

export function TextArea({ label, hint, error, hideLabel = false, className = "", ...rest }: FieldProps & ComponentProps<"textarea">) {
  const id = useId();
  return (
    <Field id={id} label={label} hint={hint} error={error} hideLabel={hideLabel}>
      <textarea id={id} className={`py-1.5 ${CONTROL} ${className}`} {...described(id, error, hint)} {...rest} />
    </Field>
  );
}

export interface SelectOption {
  value: string;
  label: string;
}

export function Select({
  label,
  hint,
  error,
  hideLabel = false,
  options,
  className = "",
  ...rest
}: FieldProps & ComponentProps<"select"> & { options: readonly SelectOption[] }) {
  const id = useId();
  return (
    <Field id={id} label={label} hint={hint} error={error} hideLabel={hideLabel}>
      <select id={id} className={`h-8 ${CONTROL} ${className}`} {...described(id, error, hint)} {...rest}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </Field>
  );
}
