import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { AcceptPage } from "@/features/sharing/AcceptPage";
import { secretOf } from "@/shared/me/linkSecret";

export function Accept() {
  const navigate = useNavigate();
  const [secret] = useState(() => secretOf(window.location.hash));
  return (
    <main className="h-full">
      <AcceptPage
        secret={secret}
        onTaken={() => void navigate({ to: "/share", replace: true })}
        onOpen={(projectId) => void navigate({ to: "/project/$projectId", params: { projectId }, replace: true })}
      />
    </main>
  );
}
