import type { Texts } from "../en";
import { account } from "./account";
import { admin } from "./admin";
import { allowance } from "./allowance";
import { app } from "./app";
import { audit } from "./audit";
import { courses } from "./courses";
import { editor } from "./editor";
import { egress } from "./egress";
import { formSentences } from "./formSentences";
import { files } from "./files";
import { flow } from "./flow";
import { packages } from "./packages";
import { projects } from "./projects";
import { refused } from "./refused";
import { runs } from "./runs";
import { sentences as agentSentences } from "./sentences";
import { server } from "./server";
import { sharing } from "./sharing";
import { statusbar } from "./statusbar";
import { terminal } from "./terminal";

/** All texts of the product, Korean. A missing key is a type error. */
export const ko: Texts = {
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

/** Sentences of the server and the agent, as they write them, and in Korean. */
export const sentences: Readonly<Record<string, string>> = { ...agentSentences, ...formSentences };
