"""Reads projects of the original system: ``structure.json`` and one ``<id>_<Title>.py`` per node, side by side.

Its semantics are kept: nodes are marked ``legacy`` and keep their ids, because several inputs are keyed by the id of
their source, and ``main()`` is called without an argument when there is no input.
"""

import math
from codecs import BOM_UTF8
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

import msgspec
from msgspec import Struct, field

from sandbox_image.agent.errors import AgentError
from sandbox_image.wire.errors import ErrorCode
from sandbox_image.wire.limits import MAX_NAME
from sandbox_image.wire.project import Edge, Node, NodeKind, Position, Size

from .flow_file import Flow
from .names import Taken, checked_id, checked_name, file_for, unique_title
from .sources import EMPTY_SOURCE

LEGACY_FILE: Final = "structure.json"


class LegacyKind(StrEnum):
    """Types of nodes of the original system."""

    START = "start"
    CUSTOM = "custom"
    RESULT = "result"
    TEXT_INPUT = "textInput"
    NOTE = "markdownNote"


class LegacyData(Struct, frozen=True, kw_only=True):
    """What a node holds."""

    title: str = ""
    description: str | None = None
    file: str | None = None
    value: Any = None
    dimensions: dict[str, float] | None = None


class LegacyNode(Struct, frozen=True, kw_only=True):
    """A node of ``structure.json``."""

    id: str
    type: LegacyKind = LegacyKind.CUSTOM
    position: Position = field(default_factory=lambda: Position(x=0, y=0))
    data: LegacyData = field(default_factory=LegacyData)


class LegacyEdge(Struct, frozen=True, kw_only=True):
    """An edge of ``structure.json``. Its handles were labels; values went by the id of the source."""

    source: str
    target: str
    id: str = ""


class LegacyProject(Struct, frozen=True, kw_only=True):
    """``structure.json``."""

    project_name: str = ""
    project_description: str | None = None
    nodes: list[LegacyNode] = field(default_factory=list[LegacyNode])
    edges: list[LegacyEdge] = field(default_factory=list[LegacyEdge])


class Imported(Struct, frozen=True):
    """A graph in our form, with the sources to write, and the old files that these replace."""

    flow: Flow
    sources: dict[str, bytes]
    replaced: list[str]


def read_legacy(data: bytes, read_file: Callable[[str], bytes | None]) -> Imported:
    """Translate a ``structure.json``. ``read_file`` gives a file beside it, or None. Raises INVALID naming what is wrong."""
    try:
        project = msgspec.json.decode(data.removeprefix(BOM_UTF8), type=LegacyProject)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise AgentError(ErrorCode.INVALID, f"{LEGACY_FILE} cannot be read: {error}.", path=LEGACY_FILE) from error
    nodes: list[Node] = []
    sources: dict[str, bytes] = {}
    replaced: list[str] = []
    titles, files = Taken([]), Taken([])
    for old in project.nodes:
        checked_id(old.id, "node id")
        title = unique_title(_title(old), titles)
        source = read_file(old.data.file) if old.data.file else None
        node = _node(old, title, file_for(title, files) if _is_code(old, source) else "")
        if node.file:
            sources[node.file] = EMPTY_SOURCE if source is None else source
        if source is not None and old.data.file:
            replaced.append(old.data.file)
        nodes.append(node)
    name = project.project_name.strip()[:MAX_NAME]
    flow = Flow(
        name=checked_name(name, "project_name") if name else "",
        description=project.project_description or "",
        nodes=nodes,
        edges=_edges(project.edges),
    )
    return Imported(flow, sources, [*replaced, LEGACY_FILE])


def _is_code(old: LegacyNode, source: bytes | None) -> bool:
    """Result nodes were drawn; one that somebody gave a source is run like any other."""
    return old.type in {LegacyKind.START, LegacyKind.CUSTOM} or (old.type is LegacyKind.RESULT and source is not None)


def _node(old: LegacyNode, title: str, file: str) -> Node:
    kind, settings = _KINDS[old.type], dict[str, Any]()
    if file:
        kind = NodeKind.CODE
    elif kind is NodeKind.INPUT:
        settings = {"input": "text", "value": "" if old.data.value is None else old.data.value}
    elif kind is NodeKind.NOTE:
        text = old.data.value if isinstance(old.data.value, str) else old.data.description
        settings = {"text": text or ""}
    size = old.data.dimensions or {}
    return Node(
        id=old.id,
        title=title,
        kind=kind,
        position=Position(x=_rounded(old.position.x), y=_rounded(old.position.y)),
        file=file,
        settings=settings,
        description=old.data.description or "",
        size=Size(width=size["width"], height=size["height"]) if {"width", "height"} <= size.keys() else None,
        legacy=True,
    )


_KINDS: Final = {
    LegacyKind.START: NodeKind.CODE,
    LegacyKind.CUSTOM: NodeKind.CODE,
    LegacyKind.RESULT: NodeKind.RESULT,
    LegacyKind.TEXT_INPUT: NodeKind.INPUT,
    LegacyKind.NOTE: NodeKind.NOTE,
}


def _edges(old: list[LegacyEdge]) -> list[Edge]:
    """One edge between two nodes, however many handles they shared: the value was the same."""
    pairs = dict.fromkeys((edge.source, edge.target) for edge in old)
    return [Edge(id=f"e{number}", source=pair[0], target=pair[1]) for number, pair in enumerate(pairs, 1)]


def _title(old: LegacyNode) -> str:
    """Old titles were free text: what ours must not hold becomes a space."""
    text = "".join(
        " " if character in "/\\" or not character.isprintable() else character for character in old.data.title
    )
    text = " ".join(text.split())[:MAX_NAME].strip()
    return checked_name(text, "title") if text and text not in {".", ".."} else f"Node {old.id}"


def _rounded(value: float) -> float:
    return round(value) if math.isfinite(value) else 0
