import type { ReactNode } from "react";
import { t } from "@/shared/i18n/i18n";

/** The frame of the pages that are seen before a sign-in: one card in the middle. */
export function FormPage({ title, hint, children, actions }: { title: string; hint?: string; children: ReactNode; actions: ReactNode }) {
  return (
    <div className="flex h-full flex-col overflow-y-auto">
      <div className="flex justify-end p-3">{actions}</div>
      <main className="m-auto w-full max-w-sm px-4 pb-24">
        <div className="mb-5 flex flex-col items-center gap-2.5 text-center">
          <img src="/icon.svg" alt={t("app.name")} className="size-11" />
          <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
          {hint !== undefined && <p className="text-muted">{hint}</p>}
        </div>
        <div className="flex flex-col gap-4 rounded-xl border border-line bg-panel p-5 shadow-card">{children}</div>
      </main>
    </div>
  );
}
