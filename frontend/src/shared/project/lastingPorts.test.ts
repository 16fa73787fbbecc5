import { expect, it } from "vitest";
import type { Edge, Node, Ports } from "@/wire/generated";
import { withLastingPorts } from "./lastingPorts";

const UNREADABLE: Ports = { inputs: [], outputs: [], settings: [], merges: false, error: "line 1: invalid syntax" };
const READ: Ports = {
  inputs: [{ name: "table", type: "pd.DataFrame", required: true }],
  outputs: [{ name: "output", type: "", required: false }],
  settings: [],
  merges: false,
  error: "",
};
const NODE: Node = {
  id: "b",
  title: "B",
  kind: "code",
  position: { x: 0, y: 0 },
  file: "nodes/b.py",
  settings: {},
  description: "",
  cache: "auto",
  group: "",
  size: null,
  timeout_sec: null,
  files: [],
  legacy: false,
  ports: UNREADABLE,
};

function edge(source: string, target: string, source_port: string, target_port: string): Edge {
  return { id: `${source}${target}${source_port}${target_port}`, source, target, source_port, target_port, broken: "" };
}

it("keeps the ports that a node had while its source cannot be read, and tells why", () => {
  const once = withLastingPorts(NODE, READ, []);
  expect(once.ports).toEqual({ ...READ, error: UNREADABLE.error });
  expect(withLastingPorts(NODE, once.ports, []).ports).toEqual(once.ports);
});

it("takes the ports of a page that just opened from the wires", () => {
  const edges = [edge("a", "b", "output", "rates"), edge("c", "b", "output", ""), edge("b", "d", "left", "x"), edge("b", "e", "left", "y")];
  const { inputs, outputs, error } = withLastingPorts(NODE, undefined, edges).ports;
  expect(inputs.map((port) => port.name)).toEqual(["rates", "input_data"]);
  expect(outputs.map((port) => port.name)).toEqual(["left"]);
  expect(error).toBe(UNREADABLE.error);
});

it("believes what the server could read", () => {
  const fewer = { ...NODE, ports: { ...READ, inputs: [] } };
  expect(withLastingPorts(fewer, READ, [])).toBe(fewer);
  const partly = { ...NODE, ports: { ...READ, error: "what is told of it" } };
  expect(withLastingPorts(partly, { ...READ, inputs: [] }, [])).toBe(partly);
});
