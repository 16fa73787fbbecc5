import { account } from "./account";
import { admin } from "./admin";
import { allowance } from "./allowance";
import { app } from "./app";
import { audit } from "./audit";
import { courses } from "./courses";
import { editor } from "./editor";
import { egress } from "./egress";
import { files } from "./files";
import { flow } from "./flow";
import { packages } from "./packages";
import { projects } from "./projects";
import { refused } from "./refused";
import { runs } from "./runs";
import { server } from "./server";
import { sharing } from "./sharing";
import { statusbar } from "./statusbar";
import { terminal } from "./terminal";

/** All texts of the product, English. One file per feature; keys start with the feature's name. */
export const en = {
  ...account,
  ...admin,
  ...allowance,
  ...app,
  ...audit,
  ...courses,
  ...editor,
  ...egress,
  ...files,
  ...flow,
  ...packages,
  ...projects,
  ...refused,
  ...runs,
  ...server,
  ...sharing,
  ...statusbar,
  ...terminal,
};

export type TextKey = keyof typeof en;
export type Texts = Readonly<Record<TextKey, string>>;
