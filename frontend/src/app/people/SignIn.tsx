import { useSearch } from "@tanstack/react-router";
import { SignInPage } from "@/features/account/SignInPage";
import { ShellMenu } from "../shell/ShellMenu";
import { SignedOut } from "../shell/SignedOut";

export function SignIn() {
  const { next = "/", error = "" } = useSearch({ from: "/sign-in" });
  return <SignInPage next={next} error={error} actions={<ShellMenu />} local={<SignedOut />} />;
}
