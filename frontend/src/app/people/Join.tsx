import { JoinPage } from "@/features/account/JoinPage";
import { secretOf } from "@/shared/me/linkSecret";
import { ShellMenu } from "../shell/ShellMenu";

export function Join() {
  return <JoinPage invitation={secretOf(window.location.hash)} actions={<ShellMenu />} />;
}
