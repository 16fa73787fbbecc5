import { AccountPage } from "@/features/account/AccountPage";
import { AccountFrame } from "./AccountFrame";

export function Account() {
  return <AccountFrame>{(me) => <AccountPage me={me} />}</AccountFrame>;
}
