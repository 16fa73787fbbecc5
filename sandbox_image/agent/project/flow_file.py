"""``flow.json``: how a project's graph is written down, and how older files are read.

One field of a node a line and one edge a line, in an order that never changes, so that a diff shows what was done.
Fields that have their default are left out.
"""

import hashlib
import re
from codecs import BOM_UTF8
from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import Struct, field
from msgspec.structs import asdict, replace

from sandbox_image.wire.limits import MAX_EDGES, MAX_NAME, MAX_NODES
from sandbox_image.wire.project import FLOW_SCHEMA_VERSION, Edge, Node, NodeKind, Ports, Position, Size

FLOW_FILE: Final = "flow.json"
NODE_FOLDER: Final = "nodes"
_NODE_FILE: Final = re.compile(rf"{NODE_FOLDER}/[^/\x00-\x1f\x7f]{{1,{MAX_NAME}}}\.py")
_AGENT_FIELDS: Final = frozenset({"ports", "broken"})
"""What the agent adds when it answers; never written down."""

Raw = dict[str, Any]


class Damaged(Exception):
    """``flow.json`` cannot be understood; the message says where."""


class Flow(Struct, frozen=True, kw_only=True):
    """The graph as the file holds it: nodes without ports, edges without marks."""

    schema_version: int = FLOW_SCHEMA_VERSION
    name: str = ""
    description: str = ""
    nodes: list[Node] = field(default_factory=list[Node])
    edges: list[Edge] = field(default_factory=list[Edge])


def _name_the_schema(raw: Raw) -> Raw:
    """Version 0: written by hand, without a version. Everything else is as in version 1."""
    return {**raw, "schema_version": 1}


MIGRATIONS: Final[dict[int, Callable[[Raw], Raw]]] = {0: _name_the_schema}
"""From each version to the next. A file is migrated when it is read, and written anew with the next change."""


def encode(flow: Flow) -> bytes:
    """The file's bytes, ending with a newline."""
    nodes = ",\n".join(_node(node) for node in flow.nodes)
    edges = ",\n".join(f"    {_json(_plain(edge))}" for edge in flow.edges)
    lines = [
        "{",
        f'  "schema_version": {FLOW_SCHEMA_VERSION},',
        f'  "name": {_json(flow.name)},',
        f'  "description": {_json(flow.description)},',
        f'  "nodes": [\n{nodes}\n  ],' if nodes else '  "nodes": [],',
        f'  "edges": [\n{edges}\n  ]' if edges else '  "edges": []',
        "}",
    ]
    return ("\n".join(lines) + "\n").encode()


def decode(data: bytes, *, whole: bool = True) -> Flow:
    """Read the file's bytes, of any version up to ours. Raises ``Damaged``.

    Not ``whole``: of a part of a project, edges may lead to nodes that are not in it.
    """
    try:
        raw = msgspec.json.decode(data.removeprefix(BOM_UTF8))  # which editors of Windows put in front
        flow = msgspec.convert(_migrated(raw), type=Flow)
    except msgspec.ValidationError as error:
        raise Damaged(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Damaged(f"it is no valid JSON: {error}") from error
    flow = replace(flow, nodes=[replace(node, ports=Ports()) for node in flow.nodes])
    _check(flow, whole=whole)
    return flow


def etag_of(flow: Flow) -> str:
    """The entity tag of a graph, quotes included. Equal graphs have equal tags, however their files are laid out."""
    return etag_of_bytes(encode(flow))


def etag_of_bytes(encoded: bytes) -> str:
    """The entity tag of a graph that ``encode`` has written down."""
    return f'"{hashlib.sha256(encoded).hexdigest()[:24]}"'


def _migrated(raw: Any) -> Raw:
    if not isinstance(raw, dict):
        raise Damaged("it holds no JSON object")
    found: Raw = raw  # pyright: ignore[reportUnknownVariableType]
    version = found.get("schema_version", 0)
    if not isinstance(version, int) or version < 0:
        raise Damaged("schema_version is no number")
    if version > FLOW_SCHEMA_VERSION:
        raise Damaged(f"it has version {version}, and this sandbox reads up to {FLOW_SCHEMA_VERSION}: update it")
    while version < FLOW_SCHEMA_VERSION:
        found = MIGRATIONS[version](found)
        version += 1
    return found


def _check(flow: Flow, *, whole: bool) -> None:
    """Refuse what no later step could repair: names that are taken twice, files elsewhere, edges to nowhere."""
    if len(flow.nodes) > MAX_NODES or len(flow.edges) > MAX_EDGES:
        raise Damaged(f"it has more than {MAX_NODES} nodes or {MAX_EDGES} edges")
    ids = {node.id for node in flow.nodes}
    _unique("node id", [node.id for node in flow.nodes])
    _unique("file", [node.file for node in flow.nodes if node.file])
    _unique("edge id", [edge.id for edge in flow.edges])
    for node in flow.nodes:
        if (node.kind is NodeKind.CODE) != bool(node.file) or (node.file and not _NODE_FILE.fullmatch(node.file)):
            raise Damaged(
                f"node {node.id!r} has the file {node.file!r}; it must be {NODE_FOLDER}/NAME.py for code only"
            )
    for edge in flow.edges:
        for end in (edge.source, edge.target):
            if whole and end not in ids:
                raise Damaged(f"edge {edge.id!r} leads to {end!r}, and there is no such node")


def _unique(what: str, values: list[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen or not value:
            raise Damaged(f"the {what} {value!r} is used twice" if value else f"a {what} is empty")
        seen.add(value)


def _node(node: Node) -> str:
    lines = ",\n".join(f"      {_json(name)}: {_json(value)}" for name, value in _plain(node).items())
    return f"    {{\n{lines}\n    }}"


def _plain(item: Node | Edge) -> Raw:
    """Fields in the order of their declaration, without those of the agent and those that have their default."""
    always = {"id", "title", "kind", "position", "source", "target"}
    default = _DEFAULT_NODE if isinstance(item, Node) else _DEFAULT_EDGE
    names = [name for name in item.__struct_fields__ if name not in _AGENT_FIELDS]
    given = {name: getattr(item, name) for name in names}
    return {name: _short(value) for name, value in given.items() if name in always or value != getattr(default, name)}


def _short(value: Any) -> Any:
    """Places on the canvas without the digits that a mouse adds: they would make noise in every diff."""
    if not isinstance(value, Position | Size):
        return value
    numbers = {name: round(number, 2) for name, number in asdict(value).items()}
    return {name: int(number) if number == int(number) else number for name, number in numbers.items()}


def _json(value: Any) -> str:
    """Compact enough for one line, with keys of free-form values sorted, so that equal values have equal bytes."""
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=0).decode()


_DEFAULT_NODE: Final = Node(id="", title="", position=Position(x=0, y=0))
_DEFAULT_EDGE: Final = Edge(id="", source="", target="")
