import type { Texts } from "../en";
import { app } from "./app";
import { editor } from "./editor";
import { files } from "./files";
import { flow } from "./flow";
import { packages } from "./packages";
import { projects } from "./projects";
import { runs } from "./runs";
import { statusbar } from "./statusbar";
import { terminal } from "./terminal";

/** All texts of the product, Korean. A missing key is a type error. */
export const ko: Texts = {
  ...app,
  ...editor,
  ...files,
  ...flow,
  ...packages,
  ...projects,
  ...runs,
  ...statusbar,
  ...terminal,
};
