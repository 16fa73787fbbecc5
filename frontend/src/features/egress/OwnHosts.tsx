import { Plus, X } from "lucide-react";
import { useState, type SubmitEvent } from "react";
import { t } from "@/shared/i18n/i18n";
import { IconButton } from "@/shared/ui/Button";
import { TextField } from "@/shared/ui/fields";
import type { ProjectEgress } from "@/wire/allowances";
import { looksLikeHost } from "./hostEntry";

interface Props {
  egress: ProjectEgress;
  busy: boolean;
  onAdd: (host: string) => void;
  onRemove: (host: string) => void;
}

/** The hosts that are named, and a field to add one: to allow it, or to ask for it. */
export function OwnHosts({ egress, busy, onAdd, onRemove }: Props) {
  const [host, setHost] = useState("");
  const [wrong, setWrong] = useState(false);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const entry = host.trim();
    setWrong(!looksLikeHost(entry));
    if (!looksLikeHost(entry)) return;
    onAdd(entry);
    setHost("");
  };
  const label = egress.mayChange ? t("egress.add") : t("egress.askFor");
  return (
    <div className="flex flex-col gap-2 px-3 py-2">
      <h2 className="text-xs font-medium text-muted">{t("egress.hosts")}</h2>
      {egress.hosts.length === 0 && <p className="text-xs text-muted">{t("egress.noHosts")}</p>}
      {egress.hosts.length > 0 && (
        <ul aria-label={t("egress.hosts")} className="flex flex-col">
          {egress.hosts.map((each) => (
            <li key={each} className="flex min-h-6 items-center gap-1">
              <code className="min-w-0 flex-1 font-mono text-xs break-all">{each}</code>
              {egress.mayChange && egress.ownHosts.includes(each) && (
                <IconButton small label={t("egress.remove", { host: each })} icon={<X size={13} />} disabled={busy} onClick={() => onRemove(each)} />
              )}
            </li>
          ))}
        </ul>
      )}
      <form noValidate onSubmit={submit} className="flex items-start gap-1.5">
        <div className="min-w-0 flex-1">
          <TextField
            hideLabel
            label={label}
            placeholder={t("egress.placeholder")}
            value={host}
            error={wrong ? t("egress.wrong") : undefined}
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => {
              setHost(event.target.value);
              setWrong(false);
            }}
          />
        </div>
        <IconButton label={label} icon={<Plus size={16} />} type="submit" disabled={busy || host.trim() === ""} />
      </form>
    </div>
  );
}
