/** What the views load when the first editor opens: all of Monaco is behind this module. */

import { createCodeEditor, createConflictEditor } from "./codeEditor";
import { ProjectDocuments, targetOf } from "./projectDocuments";
import { followTheme } from "./themes";

export const runtime = { ProjectDocuments, createCodeEditor, createConflictEditor, followTheme, targetOf };

export type Runtime = typeof runtime;
