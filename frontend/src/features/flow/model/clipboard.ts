import type { Graph } from "@/shared/project/document";
import { parse, parseJson, isRecord } from "@/wire/parse";
import type { Edge, Node, Position } from "@/wire/generated";
import type { Edit } from "@/shared/project/document";
import { bounds, snapped } from "./geometry";
import { freeTitle } from "./graph";
import { edit, newId } from "./steps";

/** What lies in the clipboard: plain text, so that it goes from project to project, and into a mail. */
export interface Clip {
  nodes: readonly Node[];
  edges: readonly Edge[];
  code: ReadonlyMap<string, string>;
}

const FORMAT = "aimforge-flow-1";

export function clipOf(graph: Graph, ids: ReadonlySet<string>, code: ReadonlyMap<string, string>): Clip {
  return {
    nodes: [...graph.nodes.values()].filter((node) => ids.has(node.id)),
    edges: [...graph.edges.values()].filter((edge) => ids.has(edge.source) && ids.has(edge.target)),
    code,
  };
}

export function clipToText(clip: Clip): string {
  const nodes = clip.nodes.map((node) => ({ ...node, code: clip.code.get(node.id) }));
  return JSON.stringify({ format: FORMAT, nodes, edges: clip.edges }, null, 2);
}

/** Null when the text is no copied flow. */
export function clipFromText(text: string): Clip | null {
  if (!text.includes(FORMAT)) return null;
  try {
    const value = parseJson(text);
    if (!isRecord(value) || value["format"] !== FORMAT) return null;
    const { nodes, edges } = value;
    if (!Array.isArray(nodes) || !Array.isArray(edges)) return null;
    const code = new Map<string, string>();
    for (const node of nodes.filter(isRecord)) {
      if (typeof node["code"] === "string") code.set(String(node["id"]), node["code"]);
    }
    return { nodes: nodes.map((node) => parse("Node", node)), edges: edges.map((edge) => parse("Edge", edge)), code };
  } catch {
    return null;
  }
}

/** Put copies into the graph, with their corner at a place, or a little beside the originals. */
export function paste(graph: Graph, clip: Clip, at?: Position): { edit: Edit; ids: string[] } {
  const rect = bounds(clip.nodes);
  const shift = rect === null || at === undefined ? { x: 32, y: 32 } : { x: at.x - rect.x, y: at.y - rect.y };
  const ids = new Map(clip.nodes.map((node) => [node.id, newId()]));
  const titles = new Set<string>();
  const code = new Map<string, string>();
  const nodes = clip.nodes.map((node): Node => {
    const id = ids.get(node.id) ?? newId();
    const title = freeTitle(graph.nodes.values(), node.title, titles);
    titles.add(title.toLowerCase());
    const source = clip.code.get(node.id);
    if (source !== undefined) code.set(id, source);
    const position = snapped({ x: node.position.x + shift.x, y: node.position.y + shift.y });
    const group = ids.get(node.group) ?? (graph.nodes.has(node.group) ? node.group : "");
    return { ...node, id, title, position, group, file: "" };
  });
  const edges = clip.edges.flatMap((edge): Edge[] => {
    const source = ids.get(edge.source);
    const target = ids.get(edge.target);
    return source === undefined || target === undefined ? [] : [{ ...edge, id: newId(), source, target }];
  });
  return {
    ids: nodes.map((node) => node.id),
    edit: edit("paste", {
      nodes: nodes.map((node) => [node.id, { before: null, after: node }]),
      edges: edges.map((edge) => [edge.id, { before: null, after: edge }]),
      code,
    }),
  };
}
