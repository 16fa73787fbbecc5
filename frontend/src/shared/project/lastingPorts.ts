import type { Edge, Node, Port, Ports } from "@/wire/generated";

function distinct(names: Iterable<string>): Port[] {
  return [...new Set(names)].map((name) => ({ name, type: "", required: false }));
}

/** What the wires of a node tell of its ports. */
function portsOfWires(nodeId: string, edges: readonly Edge[]): Pick<Ports, "inputs" | "outputs"> {
  return {
    inputs: distinct(edges.filter((edge) => edge.target === nodeId).map((edge) => edge.target_port || "input_data")),
    outputs: distinct(edges.filter((edge) => edge.source === nodeId).map((edge) => edge.source_port)),
  };
}

/**
 * A node as it is shown. The server tells no ports of a source that cannot be read, and half of the time while somebody
 * types none can: the node then keeps the ports that it had, or else those that its wires have, so that no wire vanishes.
 */
export function withLastingPorts(node: Node, known: Ports | undefined, edges: readonly Edge[]): Node {
  const { ports } = node;
  if (ports.error === "" || ports.inputs.length > 0 || ports.outputs.length > 0) return node;
  const lasting = known ?? { ...ports, ...portsOfWires(node.id, edges) };
  return { ...node, ports: { ...lasting, error: ports.error } };
}
