import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { Tooltip } from "radix-ui";
import { useEffect, useState } from "react";
import { ApiError, messageOf, whenSignedOut } from "@/shared/api/request";
import { loadTexts } from "@/shared/i18n/i18n";
import { keepFocus } from "@/shared/keyboard/keptFocus";
import { installKeyboard } from "@/shared/keyboard/keys";
import { signInWaysQuery } from "@/shared/me/me";
import { currentPath, OPEN_PAGES } from "@/shared/me/returnPath";
import { effectiveTheme, usePreferences } from "@/shared/preferences/preferences";
import { notify } from "@/shared/ui/toasts";
import { CommandPalette } from "./shell/CommandPalette";
import { KeyboardMap } from "./shell/KeyboardMap";
import { focusPages } from "./shell/pageFocus";
import { SignedOut } from "./shell/SignedOut";
import { Toasts } from "./shell/Toasts";
import { useShellCommands } from "./shell/useShellCommands";
import { router } from "./router";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      // What the server refused it refuses again; what could not be reached is tried a few times.
      retry: (count, error) => count < 3 && (!(error instanceof ApiError) || error.status === 0 || error.status >= 502),
    },
  },
});

function useTheme(): void {
  const theme = usePreferences((state) => state.theme);
  useEffect(() => {
    const apply = () => {
      document.documentElement.dataset["theme"] = effectiveTheme(theme);
    };
    apply();
    const media = ["(prefers-color-scheme: light)", "(prefers-contrast: more)"].map((query) => window.matchMedia(query));
    for (const query of media) query.addEventListener("change", apply);
    return () => {
      for (const query of media) query.removeEventListener("change", apply);
    };
  }, [theme]);
}

/** The language whose texts are loaded; null until they are. */
function useTexts(): string | null {
  const language = usePreferences((state) => state.language);
  const [loaded, setLoaded] = useState<string | null>(null);
  useEffect(() => {
    let current = true;
    void loadTexts(language).then(() => {
      if (current) setLoaded(language);
    });
    return () => {
      current = false;
    };
  }, [language]);
  return loaded;
}

export function App() {
  useTheme();
  const language = useTexts();
  if (language === null) return null;
  return <LocalizedApp key={language} />;
}

/** A request was refused for want of a session: where there are accounts, sign in and come back here. */
async function leaveSignedOut(tellLocal: () => void): Promise<void> {
  if (OPEN_PAGES.includes(window.location.pathname)) return;
  const next = currentPath(window.location);
  try {
    const { mode } = await queries.query(signInWaysQuery);
    if (mode === "local") tellLocal();
    // Several requests are refused at once: the first of them led away.
    else if (!OPEN_PAGES.includes(window.location.pathname)) await router.navigate({ to: "/sign-in", search: { next } });
  } catch (error) {
    notify({ kind: "error", message: messageOf(error) });
  }
}

/** Mounted anew when the language changes: every text is read again. */
function LocalizedApp() {
  const [signedOut, setSignedOut] = useState(false);
  useEffect(() => whenSignedOut(() => void leaveSignedOut(() => setSignedOut(true))), []);
  useEffect(installKeyboard, []);
  useEffect(keepFocus, []);
  useEffect(() => focusPages(router), []);
  useShellCommands();
  return (
    <QueryClientProvider client={queries}>
      <Tooltip.Provider delayDuration={400}>
        {signedOut ? <SignedOut /> : <RouterProvider router={router} />}
        <CommandPalette />
        <KeyboardMap />
        <Toasts />
      </Tooltip.Provider>
    </QueryClientProvider>
  );
}
