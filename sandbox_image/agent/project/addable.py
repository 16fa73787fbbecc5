"""What of an archive's graph can be added to a graph that is there."""

from collections.abc import Callable, Mapping
from typing import Final

from msgspec.structs import replace

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.project import Edge, LeftOut, Node, Ports

from .flow_file import Flow
from .graph_checks import check_graph
from .names import Taken, checked_id, checked_name, file_for, unique_title
from .sources import checked_source

MAX_DOUBTFUL: Final = 200
"""Edges that are tried one by one where not all of them can be: each is checked against the whole graph."""


def added_nodes(old: Flow, new: list[Node], sources: Mapping[str, bytes], files: Taken) -> list[Node]:
    """``new`` with the titles, files and groups that they get beside the nodes of ``old``. Raises CONFLICT, INVALID."""
    ids = {node.id for node in old.nodes}
    groups = ids | {node.id for node in new}
    titles = Taken(node.title for node in old.nodes)
    result: list[Node] = []
    for node in new:
        if checked_id(node.id, "node id") in ids:
            message = f"The project has a node {node.id!r} already: {node.title!r} cannot be added again."
            raise AgentError(ErrorCode.CONFLICT, message, node=node.id)
        title = unique_title(checked_name(node.title, "title"), titles)
        file = ""
        if node.file:
            checked_source(sources[node.id])
            file = file_for(title, files)
        result.append(replace(node, title=title, file=file, group=node.group if node.group in groups else ""))
    return result


def added_edges(
    flow: Flow, edges: list[Edge], ports: Mapping[str, Ports], new_id: Callable[[], str]
) -> tuple[list[Edge], list[LeftOut]]:
    """Which of ``edges`` can be added to ``flow``, and why the others cannot. An id that is taken is replaced."""
    taken = {edge.id for edge in flow.edges}
    edges = [replace(edge, broken="", id=new_id() if edge.id in taken else edge.id) for edge in edges]
    nodes = {node.id for node in flow.nodes}
    left_out = [LeftOut(edge=edge, reason=_end_is_missing(edge)) for edge in edges if not _leads(edge, nodes)]
    doubtful = [edge for edge in edges if _leads(edge, nodes)]
    if _refusal(flow, doubtful, ports) == "":
        return doubtful, left_out
    added: list[Edge] = []
    for number, edge in enumerate(doubtful):
        reason = "Too many edges cannot be added." if number >= MAX_DOUBTFUL else _refusal(flow, [*added, edge], ports)
        if reason:
            left_out.append(LeftOut(edge=edge, reason=reason))
        else:
            added.append(edge)
    return added, left_out


def _leads(edge: Edge, nodes: set[str]) -> bool:
    return edge.source in nodes and edge.target in nodes


def _end_is_missing(edge: Edge) -> str:
    return f"One end of the edge from {edge.source[:100]!r} to {edge.target[:100]!r} is not in this project."


def _refusal(flow: Flow, more: list[Edge], ports: Mapping[str, Ports]) -> str:
    """Why the graph must not have these edges besides its own; empty when it may."""
    try:
        check_graph(flow.nodes, [*flow.edges, *more], ports, known=flow.edges)
    except AgentError as error:
        return error.message
    return ""
