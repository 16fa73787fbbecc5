"""Parts of a project: what an archive holds that leaves some nodes out, or that holds nothing but some nodes."""

import posixpath
from collections.abc import Callable, Collection, Iterable, Set
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.limits import MAX_NODES
from sandbox_image.wire.project import Node, NodeKind

from .flow_file import FLOW_FILE, NODE_FOLDER, Flow, encode

REVEALING: Final = frozenset({".git", ".hg", ".svn", "__pycache__", ".ipynb_checkpoints"})
"""Folders that keep what other files hold or held; they are left out with the nodes that are."""
AROUND_NAMES: Final = ".#~"
"""What editors put before the name of a file that they keep a copy of."""


class Part(Struct, frozen=True):
    """What to put into an archive: ``flow`` as its flow.json, and of the other files those that ``takes`` is true for."""

    flow: bytes
    takes: Callable[[str], bool]


def without(flow: Flow, ids: Collection[str], in_node_folder: Iterable[str]) -> Part:
    """Everything but these nodes, their edges and the files that are theirs alone. Raises NOT_FOUND for unknown ids.

    ``in_node_folder`` are the names there now: a source that is renamed while the archive is made is not taken by
    its new name.
    """
    left_out = _chosen(flow, ids)
    kept = [node for node in flow.nodes if node.id not in left_out]
    groups = {node.id for node in kept}
    claimed = {path for node in kept for path in files_of(node)}
    hidden = {path for node in flow.nodes if node.id in left_out for path in files_of(node)} - claimed
    known = {f"{NODE_FOLDER}/{name}" for name in in_node_folder}

    def takes(path: str) -> bool:
        if not REVEALING.isdisjoint(path.split("/")):
            return False
        if posixpath.dirname(path) == NODE_FOLDER and path not in known:
            return False
        return path in claimed or not any(_reveals(path, file) for file in hidden)

    part = replace(
        flow,
        nodes=[node if node.group in groups else replace(node, group="") for node in kept],
        edges=[edge for edge in flow.edges if edge.source not in left_out and edge.target not in left_out],
    )
    return Part(encode(part), takes)


def only(flow: Flow, ids: Collection[str]) -> Part:
    """These nodes, their files, and edges from or to them, also where the other end is left out."""
    chosen = _chosen(flow, ids)
    nodes = [node for node in flow.nodes if node.id in chosen]
    files = {path for node in nodes for path in files_of(node)}
    edges = [edge for edge in flow.edges if edge.source in chosen or edge.target in chosen]
    return Part(encode(replace(flow, nodes=nodes, edges=edges)), files.__contains__)


def files_of(node: Node) -> list[str]:
    """Paths of the files that a node is made of or says that it reads; none outside the project's folder."""
    named = [node.file, *node.files]
    if node.kind is NodeKind.INPUT and node.settings.get("input") == "file":
        named.append(str(node.settings.get("value") or ""))
    paths = (posixpath.normpath(path) for path in named if path and "\0" not in path)
    return [path for path in paths if not path.startswith(("/", "..")) and path not in {".", FLOW_FILE}]


def ids_in(text: str) -> list[str]:
    """Ids as a query has them, separated by commas. Raises INVALID for none or too many."""
    ids = [part for part in text.split(",") if part]
    if not ids or len(ids) > MAX_NODES:
        raise AgentError(ErrorCode.INVALID, "Name the nodes by their ids, separated by commas.", field="nodes")
    return ids


def _chosen(flow: Flow, ids: Collection[str]) -> Set[str]:
    there = {node.id for node in flow.nodes}
    for node_id in ids:
        if node_id not in there:
            message = f"There is no node {node_id[:100]!r} in this project."
            raise AgentError(ErrorCode.NOT_FOUND, message, node=node_id[:100])
    return frozenset(ids)


def _reveals(path: str, hidden: str) -> bool:
    """Whether ``path`` is a hidden file, lies below it, or is a copy that an editor keeps beside it."""
    if path == hidden or path.startswith(f"{hidden}/"):
        return True
    folder, name = posixpath.split(path)
    hidden_folder, hidden_name = posixpath.split(hidden)
    return folder == hidden_folder and name.lstrip(AROUND_NAMES).startswith(hidden_name)
