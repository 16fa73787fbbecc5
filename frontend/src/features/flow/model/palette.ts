import type { TextKey } from "@/shared/i18n/en";
import type { NodeKind } from "@/wire/generated";

/** What can be added: a kind of node, for code nodes with a source to start from. */
export interface PaletteItem {
  id: string;
  group: "code" | "input" | "other";
  kind: NodeKind;
  /** Name of the new node; also its label in lists. */
  title: TextKey;
  hint: TextKey;
  code?: string;
  settings?: Record<string, unknown>;
}

export const PALETTE: readonly PaletteItem[] = [
  {
    id: "function",
    group: "code",
    kind: "code",
    title: "flow.item.function",
    hint: "flow.item.functionHint",
    code: "def main(input_data):\n    return input_data\n",
  },
  {
    id: "combine",
    group: "code",
    kind: "code",
    title: "flow.item.combine",
    hint: "flow.item.combineHint",
    code: "def main(left, right):\n    return {\"left\": left, \"right\": right}\n",
  },
  {
    id: "settings",
    group: "code",
    kind: "code",
    title: "flow.item.settings",
    hint: "flow.item.settingsHint",
    code: 'from typing import Literal\n\n\ndef main(values: list, *, top: int = 10, order: Literal["up", "down"] = "down"):\n    ranked = sorted(values, reverse=order == "down")\n    return ranked[:top]\n',
  },
  {
    id: "csv",
    group: "code",
    kind: "code",
    title: "flow.item.csv",
    hint: "flow.item.csvHint",
    code: 'import pandas as pd\n\n\ndef main(*, path: str = "data.csv") -> pd.DataFrame:\n    return pd.read_csv(path)\n',
  },
  {
    id: "frame",
    group: "code",
    kind: "code",
    title: "flow.item.frame",
    hint: "flow.item.frameHint",
    code: "import pandas as pd\n\n\ndef main(table: pd.DataFrame) -> pd.DataFrame:\n    return table.dropna()\n",
  },
  {
    id: "chart",
    group: "code",
    kind: "code",
    title: "flow.item.chart",
    hint: "flow.item.chartHint",
    code: "import matplotlib.pyplot as plt\nimport pandas as pd\n\n\ndef main(table: pd.DataFrame):\n    figure, axes = plt.subplots()\n    table.plot(ax=axes)\n    return figure\n",
  },
  {
    id: "text",
    group: "input",
    kind: "input",
    title: "flow.item.text",
    hint: "flow.item.textHint",
    settings: { input: "text", value: "" },
  },
  {
    id: "number",
    group: "input",
    kind: "input",
    title: "flow.item.number",
    hint: "flow.item.numberHint",
    settings: { input: "number", value: 0 },
  },
  {
    id: "choice",
    group: "input",
    kind: "input",
    title: "flow.item.choice",
    hint: "flow.item.choiceHint",
    settings: { input: "choice", value: "one", choices: ["one", "two"] },
  },
  {
    id: "file",
    group: "input",
    kind: "input",
    title: "flow.item.file",
    hint: "flow.item.fileHint",
    settings: { input: "file", value: "" },
  },
  { id: "result", group: "other", kind: "result", title: "flow.item.result", hint: "flow.item.resultHint" },
  {
    id: "note",
    group: "other",
    kind: "note",
    title: "flow.item.note",
    hint: "flow.item.noteHint",
    settings: { text: "" },
  },
  { id: "group", group: "other", kind: "group", title: "flow.item.group", hint: "flow.item.groupHint" },
];

export const PALETTE_DRAG_TYPE = "application/x-aimforge-node";

export function paletteItem(id: string): PaletteItem | undefined {
  return PALETTE.find((item) => item.id === id);
}
