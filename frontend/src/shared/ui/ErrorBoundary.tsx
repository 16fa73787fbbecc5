import { Component, type ReactNode } from "react";
import { t } from "@/shared/i18n/i18n";
import { Button } from "./Button";

interface Props {
  /** What the person calls this part. */
  name: string;
  children: ReactNode;
}

/** Keeps a fault within its panel: the rest of the page goes on. */
export class ErrorBoundary extends Component<Props, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render() {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <div role="alert" className="flex h-full flex-col items-center justify-center gap-3 p-6 text-center">
        <p className="font-medium">{t("app.panelFailed", { name: this.props.name })}</p>
        <p className="max-w-lg font-mono text-xs break-words text-muted">{error.message}</p>
        <Button onClick={() => this.setState({ error: null })}>{t("app.tryAgain")}</Button>
      </div>
    );
  }
}
