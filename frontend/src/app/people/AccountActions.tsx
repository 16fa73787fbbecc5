import { useNavigate } from "@tanstack/react-router";
import { AccountMenu } from "@/features/account/AccountMenu";

/** The avatar at the right end of every header. */
export function AccountActions() {
  const navigate = useNavigate();
  return (
    <AccountMenu
      onAccount={() => void navigate({ to: "/account" })}
      onAdministration={() => void navigate({ to: "/admin/people" })}
    />
  );
}
