"""What a graph must fulfil before it is saved. Each refusal names the thing that is wrong."""

from collections.abc import Iterable, Mapping, Sequence

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.limits import MAX_EDGES, MAX_NODES
from sandbox_image.wire.project import Edge, Node, NodeKind, Ports

from .names import checked_id, checked_name

PortsById = Mapping[str, Ports]
Ends = tuple[str, str, str, str]


def ends_of(edge: Edge) -> Ends:
    """What an edge connects, whatever its id."""
    return edge.source, edge.source_port, edge.target, edge.target_port


def check_graph(nodes: Sequence[Node], edges: Sequence[Edge], ports: PortsById, known: Iterable[Edge] = ()) -> None:
    """Raise INVALID for a graph that must not be saved.

    Edges of ``known`` were there before: they are kept when a signature has lost their port, and marked.
    """
    if len(nodes) > MAX_NODES:
        raise _invalid(f"A project has at most {MAX_NODES} nodes; these are {len(nodes)}.", "nodes")
    if len(edges) > MAX_EDGES:
        raise _invalid(f"A project has at most {MAX_EDGES} edges; these are {len(edges)}.", "edges")
    _check_nodes(nodes)
    by_id = {node.id: node for node in nodes}
    before = {ends_of(edge) for edge in known}
    seen_ids: set[str] = set()
    seen_ends: set[Ends] = set()
    taken: dict[tuple[str, str], str] = {}
    # Known edges first: where two want one port, the new one is refused.
    for edge in sorted(edges, key=lambda edge: ends_of(edge) not in before):
        checked_id(edge.id, "edge id")
        if edge.id in seen_ids:
            raise _invalid(f"The edge id {edge.id!r} is used twice.", "edges", edge=edge.id)
        seen_ids.add(edge.id)
        _check_ends(edge, by_id)
        if ends_of(edge) in seen_ends:
            raise _invalid(f"{_named(edge, by_id)} is there already.", "edges", edge=edge.id)
        seen_ends.add(ends_of(edge))
        refused_by = _taken_by(edge, by_id[edge.target], ports[edge.target], taken)
        if ends_of(edge) in before:
            continue
        if refused_by:
            message = f"That input of {by_id[edge.target].title!r} is taken; it takes one edge."
            raise _invalid(message, "target_port", edge=edge.id, taken_by=refused_by)
        if why := missing_port(edge, by_id, ports):
            raise _invalid(why, "edges", edge=edge.id)
    _check_cycle(nodes, edges)


def missing_port(edge: Edge, nodes: Mapping[str, Node], ports: PortsById) -> str:
    """Which port of ``edge`` does not exist, as a sentence; empty when both do, or when the source cannot be read."""
    source, target = ports[edge.source], ports[edge.target]
    if not source.error and edge.source_port not in {port.name for port in source.outputs}:
        return _no_port(nodes[edge.source], "output", edge.source_port, [port.name for port in source.outputs])
    names = [port.name for port in target.inputs]
    if target.error or target.merges or nodes[edge.target].legacy:
        return ""
    if not names or (edge.target_port and edge.target_port not in names):
        return _no_port(nodes[edge.target], "input", edge.target_port, names)
    return ""


def _check_nodes(nodes: Sequence[Node]) -> None:
    ids: set[str] = set()
    titles: dict[str, str] = {}
    for node in nodes:
        checked_id(node.id, "node id")
        title = checked_name(node.title, "title")
        if node.id in ids:
            raise _invalid(f"The node id {node.id!r} is used twice.", "nodes", node=node.id)
        if title.casefold() in titles:
            raise _invalid(f"Two nodes are called {title!r}; titles must differ.", "title", node=node.id)
        if node.timeout_sec is not None and not node.timeout_sec > 0:
            raise _invalid(f"The time limit of {title!r} must be more than 0 s.", "timeout_sec", node=node.id)
        ids.add(node.id)
        titles[title.casefold()] = node.id
    groups = {node.id for node in nodes if node.kind is NodeKind.GROUP}
    for node in nodes:
        if node.group and (node.group not in groups or node.group == node.id):
            raise _invalid(f"{node.title!r} is in the group {node.group!r}, which there is not.", "group", node=node.id)


def _check_ends(edge: Edge, nodes: Mapping[str, Node]) -> None:
    for end in (edge.source, edge.target):
        node = nodes.get(end)
        if node is None:
            raise _invalid(f"The edge {edge.id!r} leads to {end!r}, and there is no such node.", "edges", edge=edge.id)
        if node.kind in {NodeKind.NOTE, NodeKind.GROUP}:
            raise _invalid(f"{node.title!r} is a {node.kind} and has no ports.", "edges", edge=edge.id)


def _taken_by(edge: Edge, target: Node, ports: Ports, taken: dict[tuple[str, str], str]) -> str:
    """The id of the edge that has this edge's input already, empty when it is free.

    A port takes one edge, unless the node merges; then each name for a key of the dict is given to one edge.
    """
    name = edge.target_port
    if not name and ports.inputs and not ports.merges:
        name = ports.inputs[0].name
    if ports.error or not name or target.legacy or (ports.merges and name == ports.inputs[0].name):
        return ""
    other = taken.setdefault((edge.target, name), edge.id)
    return "" if other == edge.id else other


def _check_cycle(nodes: Sequence[Node], edges: Sequence[Edge]) -> None:
    from sandbox_image.agent.flow.graph import find_cycle

    cycle = find_cycle(nodes, edges)
    if cycle:
        raise _invalid(f"The edges form a cycle: {' → '.join(cycle)}. Remove one of them.", "edges", cycle=cycle)


def _named(edge: Edge, nodes: Mapping[str, Node]) -> str:
    return f"The edge from {nodes[edge.source].title!r} to {nodes[edge.target].title!r}"


def _no_port(node: Node, what: str, name: str, there: list[str]) -> str:
    has = f"it has {', '.join(there)}" if there else "it has none"
    return f"{node.title!r} has no {what} {name!r}: {has}." if name else f"{node.title!r} has no {what}."


def _invalid(message: str, field: str, **detail: object) -> AgentError:
    return AgentError(ErrorCode.INVALID, message, field=field, **detail)
