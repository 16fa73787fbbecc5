"""Which nodes a run runs, and which it takes from earlier runs; requests that make no sense are refused here."""

import math
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.limits import MAX_NODE_TIMEOUT, MAX_WORKERS
from sandbox_image.wire.project import Edge, Node, NodeKind, Project
from sandbox_image.wire.runs import RunError, RunKind, RunRequest

from .graph import Topology, find_cycle, topology

RUNNABLE: Final = frozenset({NodeKind.CODE, NodeKind.INPUT, NodeKind.RESULT})


class Params(Struct, frozen=True):
    """Values for one run: of input nodes, and of settings, by node id."""

    values: Mapping[str, Any]
    settings: Mapping[str, Mapping[str, Any]]


class Plan(Struct, frozen=True):
    """The nodes that a run is about. Edges come from ``graph``; sources outside ``order`` come from the cache."""

    nodes: Mapping[str, Node]
    graph: Topology
    order: list[str]
    params: Params
    error: RunError | None = None
    """Why nothing can run, such as a cycle."""


def make_plan(project: Project, request: RunRequest) -> Plan:
    """Return what to run. Raises ``AgentError`` for unknown nodes, and for values that no run can have."""
    _check_limits(request)
    nodes = {node.id: node for node in project.nodes if node.kind in RUNNABLE}
    edges = [edge for edge in project.edges if not edge.broken]
    graph = topology(list(nodes.values()), edges)
    params = _params(nodes, request.params)
    order = _order(project, nodes, graph, request)
    cycle = find_cycle([nodes[node] for node in nodes], edges) if len(graph.order) < len(nodes) else []
    if cycle and request.kind is RunKind.FLOW:
        message = f"The flow has a cycle: {' → '.join(cycle)}."
        error = RunError(type="Cycle", message=message, hint="Remove one of these connections.")
        return Plan(nodes, graph, [], params, error)
    return Plan(nodes, graph, order, params)


def _order(project: Project, nodes: Mapping[str, Node], graph: Topology, request: RunRequest) -> list[str]:
    def known(node_id: str) -> str:
        if node_id in nodes:
            return node_id
        if any(node.id == node_id for node in project.nodes):
            raise AgentError(ErrorCode.INVALID, "Notes and groups cannot be run.", node_id=node_id)
        raise AgentError(ErrorCode.NOT_FOUND, f"There is no node {node_id[:100]!r}.", node_id=node_id[:100])

    if request.kind is RunKind.NODE:
        if request.node_id is None:
            raise AgentError(ErrorCode.INVALID, "A run of a node needs `node_id`.")
        return [known(request.node_id)]
    chosen = set(graph.order)
    if request.start_node_id is not None:
        start = known(request.start_node_id)
        chosen &= graph.descendants(start) | {start}
    if request.until_node_id is not None:
        until = known(request.until_node_id)
        chosen &= graph.ancestors(until) | {until}
    return [node for node in graph.order if node in chosen]


def _check_limits(request: RunRequest) -> None:
    if not math.isfinite(request.timeout_sec) or not 0 < request.timeout_sec <= MAX_NODE_TIMEOUT:
        raise AgentError(ErrorCode.INVALID, "`timeout_sec` must be more than 0 and at most a day.")
    if request.max_workers is not None and not 1 <= request.max_workers <= MAX_WORKERS:
        raise AgentError(ErrorCode.INVALID, f"`max_workers` must be from 1 to {MAX_WORKERS}.")


def _params(nodes: Mapping[str, Node], given: Mapping[str, Any]) -> Params:
    values: dict[str, Any] = {}
    settings: dict[str, dict[str, Any]] = {}
    for name, value in given.items():
        node = _named(nodes, name)
        if node is not None and node.kind is NodeKind.INPUT:
            values[node.id] = value
            continue
        title, _, setting = name.rpartition(".")
        node = _named(nodes, title)
        if node is None or setting not in {item.name for item in node.ports.settings}:
            raise AgentError(
                ErrorCode.INVALID,
                f"No input node or setting is called {name[:200]!r}. Use an input node's title, or `title.setting`.",
                param=name[:200],
            )
        settings.setdefault(node.id, {})[setting] = value
    return Params(values, settings)


def _named(nodes: Mapping[str, Node], name: str) -> Node | None:
    if name in nodes:
        return nodes[name]
    return next((node for node in nodes.values() if node.title == name), None)


def port_edges(node: Node, edges: list[Edge]) -> dict[str, list[Edge]]:
    """Return the edges into each input port of a node; an edge without a target port goes to the first.

    A merging port takes them all: there a target port of another name is the edge's key in the dict.
    """
    if not node.ports.inputs:
        return {}
    first = node.ports.inputs[0].name
    found: dict[str, list[Edge]] = {}
    for edge in edges:
        found.setdefault(first if node.ports.merges else edge.target_port or first, []).append(edge)
    return {port.name: found[port.name] for port in node.ports.inputs if port.name in found}


def shown_source(plan: Plan, node_id: str) -> str:
    """Return the node whose result a node shows: its own, or for a result node without code the one it is passed from."""
    seen: set[str] = set()
    while node_id not in seen and (node := plan.nodes.get(node_id)) is not None and node.kind is NodeKind.RESULT:
        seen.add(node_id)
        incoming = plan.graph.incoming[node_id]
        if len(incoming) != 1 or not passes_whole(plan.nodes[incoming[0].source]):
            break
        node_id = incoming[0].source
    return node_id


def passes_whole(source: Node) -> bool:
    """Whether an edge from this node carries all that the node returns, and not one field of it."""
    return [port.name for port in source.ports.outputs] == ["output"]


def edge_label(node: Node, edge: Edge, source: Node) -> str:
    """Return the key under which a merging port gets what comes over this edge."""
    if node.legacy:
        return edge.source
    if edge.target_port not in {"", node.ports.inputs[0].name}:
        return edge.target_port
    if len(source.ports.outputs) > 1:
        return f"{source.title}.{edge.source_port}"
    return source.title
