"""A project as clients see it: the graph in ``flow.json``, joined with the ports read from each node's source."""

from enum import StrEnum
from typing import Any

from msgspec import UNSET, Struct, UnsetType, field

FLOW_SCHEMA_VERSION = 1


class NodeKind(StrEnum):
    """What a node is. Only ``CODE`` nodes have a source file; the others are drawn and evaluated by the agent."""

    CODE = "code"
    INPUT = "input"
    """A constant that a person types: ``settings`` holds {"input": text|number|choice|file, "value", "choices"?}."""
    RESULT = "result"
    """Shows what reaches it; passes the value on unchanged."""
    NOTE = "note"
    """Markdown in ``settings["text"]``; takes no part in a run."""
    GROUP = "group"
    """A frame around nodes whose ``group`` is its id; takes no part in a run.

    With ``settings["collapsed"]`` true it is drawn as one node that stands for what lies in it; ``size`` is kept.
    """


class Position(Struct, frozen=True, kw_only=True):
    """Upper left corner on the canvas, in canvas units."""

    x: float
    y: float


class Size(Struct, frozen=True, kw_only=True):
    width: float
    height: float


class Port(Struct, frozen=True, kw_only=True):
    """An input or output of a node. ``type`` is the annotation as it is written, empty where there is none."""

    name: str
    type: str = ""
    required: bool = False
    """True for a positional parameter without a default: a run without an edge here fails before it starts."""


class Setting(Struct, frozen=True, kw_only=True):
    """A keyword-only parameter, shown as a form field. ``default`` is its literal, null where it is no literal."""

    name: str
    type: str = ""
    default: Any = None
    required: bool = False
    choices: list[Any] = field(default_factory=list[Any])
    """The values of a ``Literal[...]`` annotation."""


class Ports(Struct, frozen=True, kw_only=True):
    """What a node's signature says.

    One output port is named ``output``. ``merges`` is true for ``def main(input_data)``, whose single input port takes
    any number of edges: none gives ``None``, one gives the value, several give a dict.
    """

    inputs: list[Port] = field(default_factory=list[Port])
    outputs: list[Port] = field(default_factory=list[Port])
    settings: list[Setting] = field(default_factory=list[Setting])
    merges: bool = False
    error: str = ""
    """Why the signature could not be read (a syntax error with its line, or no ``main``); empty when it could."""


class CachePolicy(StrEnum):
    AUTO = "auto"
    NEVER = "never"
    PINNED = "pinned"
    """Keeps its last successful result whatever changes, until it is unpinned."""


class Node(Struct, frozen=True, kw_only=True):
    """A node. ``id`` never changes; ``title`` is free text and unique in its project; ``file`` follows the title."""

    id: str
    title: str
    kind: NodeKind = NodeKind.CODE
    position: Position
    file: str = ""
    """Path below the project's folder, such as ``nodes/clean.py``; empty unless the kind is ``code``."""
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    description: str = ""
    cache: CachePolicy = CachePolicy.AUTO
    group: str = ""
    size: Size | None = None
    timeout_sec: float | None = None
    files: list[str] = field(default_factory=list[str])
    """Data files the node declares that it reads; their content is part of its cache key."""
    legacy: bool = False
    """Imported from the original system: several inputs are keyed by source id, and ``main()`` may take nothing."""
    ports: Ports = field(default_factory=Ports)


class Edge(Struct, frozen=True, kw_only=True):
    id: str
    source: str
    target: str
    source_port: str = "output"
    target_port: str = ""
    """Empty means the target's first input port."""
    broken: str = ""
    """Set by the agent when a port at one of the ends is gone: which one, for people. Such an edge is kept until removed."""


class Project(Struct, frozen=True, kw_only=True):
    """The structure of a project. ``id`` is filled in by the control plane; the folder does not know it."""

    id: str = ""
    name: str
    description: str = ""
    nodes: list[Node] = field(default_factory=list[Node])
    edges: list[Edge] = field(default_factory=list[Edge])
    schema_version: int = FLOW_SCHEMA_VERSION


class ProjectUpdate(Struct, frozen=True, kw_only=True):
    """Body of ``PUT /project``: the whole graph. Ports are ignored; sources are kept by node id.

    A code node that is new gets the source in ``code[id]``, else an empty ``main``. A code node that is gone loses
    its file (the source of a deleted node stays readable in ``.aimforge/trash`` for undo).
    """

    name: str | None = None
    description: str | None = None
    nodes: list[Node]
    edges: list[Edge]
    code: dict[str, str] = field(default_factory=dict[str, str])


class NewNode(Struct, frozen=True, kw_only=True):
    """Body of ``POST /project/nodes``. ``code`` is used for kind ``code`` only; without it a template is written."""

    title: str
    position: Position
    kind: NodeKind = NodeKind.CODE
    code: str | None = None
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    description: str = ""
    group: str = ""
    size: Size | None = None
    id: str | None = None
    """Given by clients that undo a deletion; otherwise the agent makes one."""


class NodePatch(Struct, frozen=True, kw_only=True):
    """Body of ``PATCH /project/nodes/{node}``: what is left out stays; null clears ``size`` or ``timeout_sec``, nothing else.

    Without a size of its own a node is drawn as large as its kind usually is; without a limit it has the run's.
    """

    title: str | UnsetType = UNSET
    position: Position | UnsetType = UNSET
    settings: dict[str, Any] | UnsetType = UNSET
    description: str | UnsetType = UNSET
    cache: CachePolicy | UnsetType = UNSET
    group: str | UnsetType = UNSET
    size: Size | UnsetType | None = UNSET
    timeout_sec: float | UnsetType | None = UNSET
    files: list[str] | UnsetType = UNSET


class NewEdge(Struct, frozen=True, kw_only=True):
    """Body of ``POST /project/edges``. Ports that are left out mean the first one of the node."""

    source: str
    target: str
    source_port: str = ""
    target_port: str = ""
    id: str | None = None


class Freshness(StrEnum):
    NEVER_RUN = "never_run"
    FRESH = "fresh"
    STALE = "stale"
    FAILED = "failed"


class NodeFreshness(Struct, frozen=True, kw_only=True):
    """Why a node would be answered from the cache, or why it would run. ``reason`` is a sentence for people."""

    node_id: str
    state: Freshness
    reason: str


class CloneRequest(Struct, frozen=True, kw_only=True):
    """Body of ``POST /project/clone``. Without a branch, the repository's own first one is taken."""

    url: str
    """``https://host/owner/repository.git``, without name and password."""
    branch: str = ""


class LeftOut(Struct, frozen=True, kw_only=True):
    """An edge of an archive that could not be added, and why, for people."""

    edge: Edge
    reason: str


class Added(Struct, frozen=True, kw_only=True):
    """Answer to an import that adds: nodes with the titles and files that they got, and the edges that could be made."""

    nodes: list[Node]
    edges: list[Edge]
    left_out: list[LeftOut]
